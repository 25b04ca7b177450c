"""Files as users have them: byte order marks, semicolons, broken lines. Every refusal names its place."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from escalation.model.errors import BadInput
from toolbox.tables import raw_files
from toolbox.tables.missing import is_missing
from toolbox.tables.raw_files import read_csv, read_parquet

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


def test_semicolons_are_found_and_their_decimal_commas_expected(write: Write) -> None:
    table = read_csv(write("age;dose;note\n61;1,5;a,b\n70;-2,25e1;\n"))
    assert dict(table.columns) == {"age": ["61", "70"], "dose": ["1,5", "-2,25e1"], "note": ["a,b", None]}
    assert (table.decimal, table.commas) == (",", True)
    assert not read_csv(write("age;dose\n61;1.5\n")).commas


def test_missing_texts_are_the_usual_ones_and_those_named(write: Write) -> None:
    table = read_csv(write("a,b\nNA,?\n,1\nnull,2\n"), na_values=["?"])
    assert dict(table.columns) == {"a": [None, None, None], "b": [None, "1", "2"]}


@pytest.mark.parametrize("marker", [-99, -99.0, "-99", "-99.0", "-99,0", "-9.9e1"])
def test_a_number_that_means_missing_does_so_however_it_is_written(write: Write, marker: Any) -> None:
    table = read_csv(write("a\n-99\n-99.0\n-9.9e1\n-099\n\u221299\n-98\n"), [marker])
    assert table.columns["a"] == [None] * 5 + ["-98"]
    table = read_csv(write("a;b\n-99,0;x\n-99;y\n-99.0;z\n-9,90;u\n"), [marker])
    assert table.columns["a"] == [None] * 3 + ["-9,90"]
    assert table.remarks == ()


def test_a_code_that_means_missing_is_a_text(write: Write) -> None:
    assert read_csv(write("a\n00\n0\n"), ["00"]).columns["a"] == [None, "0"]


def test_a_marker_that_is_nowhere_is_said_so(write: Write, tmp_path: Path) -> None:
    assert read_csv(write("a\n1\n2\n"), [-99, 2]).remarks == ("na_values: '-99' occurs nowhere in the table",)
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    remarks = read_parquet(tmp_path / "t.parquet", [-99, 2]).remarks
    assert remarks == ("na_values: '-99' occurs nowhere in the table",)


def test_names_and_texts_are_composed(write: Write, tmp_path: Path) -> None:
    decomposed = normalize("NFD", "größe,Diagnose\n1,müde\n2,–é\n")
    table = read_csv(write(decomposed), [normalize("NFD", "–é")])
    assert dict(table.columns) == {"größe": ["1", "2"], "Diagnose": ["müde", None]}
    frame = pd.DataFrame({normalize("NFD", "größe"): [normalize("NFD", "müde")]})
    frame.to_parquet(tmp_path / "t.parquet")
    assert dict(read_parquet(tmp_path / "t.parquet").columns) == {"größe": ["müde"]}


def test_a_file_is_found_by_its_name_composed_or_decomposed(write: Write, tmp_path: Path) -> None:
    write("a\n1\n", normalize("NFD", "é.csv"))
    assert len(read_csv(tmp_path / normalize("NFC", "é.csv"))) == 1


@pytest.mark.parametrize(
    ("text", "where", "remark"),
    [
        ('# of 2024, "draft\n#\n\na,b\n1,2\n3,4\n', "line 5", "2 lines above the header"),
        ("\ufeff# of 2024\na,b\n1,2\n3,4\n", "line 3", "1 line above the header"),
        ("## by hand\n# a,b\n1,2\n3,4\n", "line 3", "the header is read from line 2"),
        ("#a,b\n1,2\n3,4\n", "line 2", "the header is read from line 1"),
        ("a,b\n1,2\n# checked until here\n3,4\n", "line 2", "1 line below the header"),
    ],
)
def test_comments_are_skipped_and_said_so(write: Write, text: str, where: str, remark: str) -> None:
    table = read_csv(write(text))
    assert dict(table.columns) == {"a": ["1", "3"], "b": ["2", "4"]}
    assert table.where[0] == where
    assert remark in table.remarks[0]


def test_a_delimiter_may_be_stated_above_the_header(write: Write) -> None:
    table = read_csv(write("sep=;\r\na,b;c\r\n1,5;x\r\n"))
    assert dict(table.columns) == {"a,b": ["1,5"], "c": ["x"]}
    assert table.where == ("line 3",)


def test_a_value_may_begin_with_a_hash(write: Write) -> None:
    table = read_csv(write("a,b\n#1,2\n#2,4\n"))
    assert table.columns["a"] == ["#1", "#2"]
    assert table.remarks == ()


def test_empty_lines_at_the_end_are_no_rows(write: Write) -> None:
    assert read_csv(write("a,b\r\n1,2\r\n,\r\n,\r\n\r\n\r\n")).where == ("line 2",)


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(write: Write) -> None:
    table = read_csv(write('a,b\n"x\ny",1\n\nz,2\n'))
    assert table.where == ("line 3", "line 5")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got an empty file"),
        (b"# a\n#b\n", "got an empty file"),
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
    assert table.columns["flag"] == ["true", "false", "true"]
    np.testing.assert_array_equal(np.asarray(table.columns["n"]), [1.0, np.nan, 3.0])


def arrow(tmp_path: Path, unused: tuple[str, ...] = (), na: tuple[Any, ...] = (), **columns: Any) -> Any:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    return read_parquet(path, na, unused).columns


def test_parquet_dates_and_decimals_are_what_they_are_in_text(tmp_path: Path) -> None:
    day, moment = datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 1, 31, 12, 30, tzinfo=UTC)
    columns = arrow(
        tmp_path,
        date=pa.array([day.date(), None]),
        naive=pa.array([moment.replace(tzinfo=None), None], pa.timestamp("ns")),
        zoned=pa.array([moment, None], pa.timestamp("ms", "Europe/Berlin")),
        price=pa.array([Decimal("12.50"), None]),
    )
    assert columns["date"] == ["2024-01-31", None]
    assert columns["naive"] == ["2024-01-31 12:30:00.000000000", None]
    assert columns["zoned"] == ["2024-01-31 13:30:00.000+0100", None]
    assert columns["price"] == ["12.50", None]


def test_parquet_integers_beyond_float64_stay_exact(tmp_path: Path) -> None:
    ids = [10**17, 10**17 + 1, None]
    assert arrow(tmp_path, ids=pa.array(ids))["ids"] == ["100000000000000000", "100000000000000001", None]
    assert arrow(tmp_path, ids=pa.array([2**64 - 1], pa.uint64()))["ids"] == ["18446744073709551615"]


@pytest.mark.parametrize("marker", [-99, -99.0, "-99", "-99.0"])
def test_parquet_markers_are_numbers_in_every_type(tmp_path: Path, marker: Any) -> None:
    types = (pa.int8(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(21, 2))
    columns = {str(kind): pa.array([-99, 1]).cast(kind) for kind in types}
    columns["text"] = pa.array(["-99.0", "1"])
    columns["coded"] = pa.array([-99, 1]).dictionary_encode()
    for name, values in arrow(tmp_path, (), (marker,), **columns).items():
        assert [is_missing(value) for value in values] == [True, False], name


def test_a_short_float_stands_for_its_shortest_decimal(tmp_path: Path) -> None:
    columns = arrow(tmp_path, (), (-99.9,), t=pa.array([36.6, -99.9], pa.float32()))
    np.testing.assert_array_equal(columns["t"], [36.6, np.nan])


def test_what_a_dropped_column_holds_does_not_matter(tmp_path: Path) -> None:
    lists = pa.array([[1], [2, 3]])
    assert arrow(tmp_path, ("scans",), scans=lists, a=pa.array([1, 2]))["scans"] == [None, None]
    with pytest.raises(
        BadInput, match="column 'scans': expected numbers, flags, texts or dates, got list"
    ) as caught:
        arrow(tmp_path, scans=lists)
    assert "add it to `drop`" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="got duration"):
        arrow(tmp_path, stay=pa.array([1], pa.duration("s")))


def test_row_labels_of_pandas_are_left_out_unless_they_have_a_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=[5, 9])
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_parquet(tmp_path / "t.parquet")
    assert list(table.columns) == ["a"]
    assert table.remarks == ("the row labels that pandas stored are left out",)
    frame.rename_axis("patient").to_parquet(tmp_path / "t.parquet")
    assert set(read_parquet(tmp_path / "t.parquet").columns) == {"a", "patient"}


def test_a_file_that_is_no_parquet_is_one_clear_line(write: Write) -> None:
    with pytest.raises(BadInput, match="expected a Parquet file") as caught:
        read_parquet(write("a,b\n1,2\n", "t.parquet"))
    assert "\n" not in str(caught.value)


def test_a_table_of_a_million_columns_is_refused_at_its_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(["x"] * 1_000_000) + "\n1\n")
    with pytest.raises(BadInput, match="expected at most 100,000 columns, got 1,000,000"):
        read_csv(path)


def test_a_parquet_file_is_refused_by_what_it_says_to_unpack_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_files, "MOST_CELLS", 5)
    pd.DataFrame({"a": [1, 1, 1], "b": [2, 2, 2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="expected at most 5 values, got 3 rows of 2"):
        read_parquet(tmp_path / "t.parquet")
