"""Files as users have them: byte order marks, semicolons, broken lines. Every refusal names its place."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from escalation.errors import BadInput
from problems.classification.readers import read_csv, read_parquet

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(data: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def test_byte_order_mark_and_white_space_are_no_part_of_names_or_values(write: Write) -> None:
    table = read_csv(write(b"\xef\xbb\xbfage , sex\r\n 61 , f\r\n 70,m\r\n"))
    assert dict(table.columns) == {"age": ["61", "70"], "sex": ["f", "m"]}
    assert table.where == ("line 2", "line 3")


def test_semicolons_are_found_and_their_decimal_commas_read(write: Write) -> None:
    table = read_csv(write("age;dose;note\n61;1,5;a,b\n70;-2,25e1;\n"))
    assert dict(table.columns) == {"age": ["61", "70"], "dose": ["1.5", "-2.25e1"], "note": ["a,b", None]}


def test_missing_texts_are_the_usual_ones_and_those_named(write: Write) -> None:
    table = read_csv(write("a,b\nNA,?\n,1\nnull,2\n"), na_values=["?"])
    assert dict(table.columns) == {"a": [None, None, None], "b": [None, "1", "2"]}


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(write: Write) -> None:
    table = read_csv(write('a,b\n"x\ny",1\n\nz,2\n'))
    assert table.where == ("line 3", "line 5")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got an empty file"),
        (b"a,b\n", "expected rows below the header, got none"),
        (b"a,b\n1,2,3\n", "line 2: expected 2 values as in the header, got 3"),
        (b"a,a\n1,2\n", "expected distinct column names, got 'a' 2 times"),
        (b"6,148\n1,85\n", "line 1: expected column names, got numbers only: add a header line"),
        (b"a,\n1,2\n", "expected a name for every column, got none for column 2"),
        (b"a,b\n1,\xe9\n", "line 2: expected UTF-8 text, got byte 0xe9"),
        (b'a,b\n1,"2\n', "expected CSV"),
    ],
)
def test_a_csv_that_cannot_be_used_is_one_clear_line(write: Write, data: str | bytes, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_csv(write(data))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_where_paths_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_csv(tmp_path / "absent.csv")
    with pytest.raises(BadInput, match="expected a regular file, got a folder"):
        read_csv(tmp_path)


def test_parquet_keeps_numbers_flags_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"n": [1, None, 3], "flag": [True, False, True], "text": ["x", None, "?"]})
    frame.to_parquet(path)
    table = read_parquet(path, ["?"])
    assert table.columns["text"] == ["x", None, None]
    np.testing.assert_array_equal(np.asarray(table.columns["flag"]), [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(np.asarray(table.columns["n"]), [1.0, np.nan, 3.0])


def test_a_file_that_is_no_parquet_is_one_clear_line(write: Write) -> None:
    with pytest.raises(BadInput, match="expected a Parquet file") as caught:
        read_parquet(write("a,b\n1,2\n", "t.parquet"))
    assert "\n" not in str(caught.value)
