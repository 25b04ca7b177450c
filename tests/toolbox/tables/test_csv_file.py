"""One reader of CSV: what RFC 4180 and other programs write, and where a file breaks the rules."""

from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from escalation.model.errors import BadInput
from toolbox.tables.csv_file import CsvFile, Rules, read_csv_file

LENIENT = Rules(header_in_comment=True, comments_below=True)
Read = Callable[..., CsvFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(data: str | bytes, rules: Rules = LENIENT) -> CsvFile:
        path = tmp_path / "t.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_csv_file(path, rules)

    return read


def cells(found: CsvFile) -> list[list[str]]:
    return [found.header.cells, *(line.cells for line in found.lines)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_line_breaks_and_doubled_quotes_are_those_of_rfc_4180(read: Read, end: str) -> None:
    found = read(f'a,b{end}"x,y","say ""no"""{end}"two{end}lines",2{end}')
    assert cells(found) == [["a", "b"], ["x,y", 'say "no"'], [f"two{end}lines", "2"]]
    assert [line.number for line in found.lines] == [2, 4]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_what_divides_the_header_most_divides_the_file(read: Read, mark: str) -> None:
    found = read(f"a{mark}b{mark}c\n1{mark}2{mark}3\n")
    assert (found.delimiter, cells(found)[1]) == (mark, ["1", "2", "3"])


@pytest.mark.parametrize("above", ["sep=|\n# by hand\n", "# by hand\n\nSEP=|\n", '"sep=|"\n', "sep=|\r\n"])
@pytest.mark.parametrize("rules", [LENIENT, Rules()])
def test_a_stated_delimiter_decides_wherever_it_stands_above_the_header(
    read: Read, above: str, rules: Rules
) -> None:
    found = read(above + "a,b,c|d\n1,2|3\n", rules)
    assert cells(found) == [["a,b,c", "d"], ["1,2", "3"]]
    assert found.header.number == above.count("\n") + 1


def test_a_tab_may_be_stated(read: Read) -> None:
    assert cells(read("sep=\t\na,b\tc\n1\t2\n"))[0] == ["a,b", "c"]


def test_no_character_becomes_a_delimiter_by_being_composed(read: Read) -> None:
    # U+037E, the Greek question mark, is canonically a semicolon
    found = read("a;b\nti\u037e;" + normalize("NFD", "é") + "\n")
    assert cells(found) == [["a", "b"], ["ti;", "é"]]


def test_rules_say_what_comments_below_the_header_are(read: Read) -> None:
    text = "a,b\n1,2\n# checked\n"
    assert len(read(text).lines) == 1
    with pytest.raises(BadInput, match="line 3: expected 2 values as in the header, got 1"):
        read(text, Rules())


def test_rules_say_whether_a_comment_may_be_the_header(read: Read) -> None:
    text = "# a,b\n1,2\n3,4\n"
    assert cells(read(text))[0] == ["a", "b"]
    with pytest.raises(BadInput, match="line 2: expected column names, got numbers only"):
        read(text, Rules())
    assert cells(read("# a b\nx,y\n1,2\n"))[0] == ["x", "y"]


def test_rules_bound_rows_and_bytes(read: Read) -> None:
    text = "a,b\n" + "1,2\n" * 3
    assert len(read(text, Rules(most_rows=3)).lines) == 3
    with pytest.raises(BadInput, match="line 4: expected at most 2 rows, got more"):
        read(text, Rules(most_rows=2))
    with pytest.raises(BadInput, match="expected at most 15 bytes, got a larger file"):
        read(text, Rules(most_bytes=15))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a header line and rows, got an empty file"),
        (b" \n\n", "expected a header line and rows, got an empty file"),
        (b"# a\n", "expected a header line, got comments alone"),
        (b",\n,\n", "expected a header line, got comments alone"),
        (b"a,b\n1,\0\n", "line 2: expected UTF-8 text, got byte 0x00"),
        (b"a,b\n\n\n1,\xff\n", "line 4: expected UTF-8 text, got byte 0xff"),
        (b'# x\na,b\n1,"2"3\n', "line 3: expected CSV, got a line that is none"),
        (b"a,,c\n1,2,3\n", "line 1: expected a name for every column, got none for column 2"),
        (b"#x\n\na,b\n", "expected rows below the header, got none"),
    ],
)
def test_what_is_no_such_file_is_one_line_with_its_place(read: Read, data: bytes, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(data)
    assert "t.csv" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
