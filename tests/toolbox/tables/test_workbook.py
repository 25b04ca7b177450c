"""Excel workbooks that are one table, and those that are none; written by openpyxl."""

import io
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from toolbox.tables.raw import RawTable
from toolbox.tables.workbook import read_workbook

openpyxl = pytest.importorskip("openpyxl")


def book(path: Path, rows: Any, **others: list[list[Any]]) -> Any:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name, more in others.items():
        sheet = made.create_sheet(name)
        for row in more:
            sheet.append(row)
    made.save(path)
    return made


def read(tmp_path: Path, rows: Any, **options: Any) -> RawTable:
    book(tmp_path / "t.xlsx", rows)
    return read_workbook(tmp_path / "t.xlsx", **options)


def test_numbers_texts_dates_and_flags_are_what_they_are(tmp_path: Path) -> None:
    when = datetime(2026, 1, 31, 12, 30)
    table = read(
        tmp_path,
        [
            ["age", "ward ", "seen", "ill", "code"],
            [30, " A", date(2026, 1, 2), True, 7],
            [31.5, None, when, False, "x"],
        ],
    )
    np.testing.assert_array_equal(table.columns["age"], [30, 31.5])
    assert table.columns["ward"] == ["A", None]
    assert table.columns["seen"] == ["2026-01-02", "2026-01-31 12:30:00"]
    assert table.columns["ill"] == ["true", "false"]
    assert table.columns["code"] == ["7", "x"]
    assert table.where == ("row 2", "row 3")
    assert table.source["sheet"] == "Sheet"


def test_moments_within_a_second_stay_apart(tmp_path: Path) -> None:
    at = [datetime(2026, 1, 31, 12, 30, 0, each) for each in (250_000, 500_000)]
    table = read(tmp_path, [["seen"], *([each] for each in at)])
    assert table.columns["seen"] == [each.isoformat(sep=" ") for each in at]


def test_missing_values_are_those_of_csv_files_and_those_that_are_named(tmp_path: Path) -> None:
    rows = [["age", "ward"], [30, "NA"], [-9, "A"], [None, "#N/A"]]
    table = read(tmp_path, rows, na_values=[-9])
    np.testing.assert_array_equal(table.columns["age"], [30, np.nan, np.nan])
    assert table.columns["ward"] == [None, "A", None]


def test_empty_rows_do_not_count_and_the_table_may_begin_anywhere(tmp_path: Path) -> None:
    table = read(
        tmp_path, [[], [None, "age", "ward"], [], [None, 30, "A"], [None, None, None], [None, 31, "B"]]
    )
    np.testing.assert_array_equal(table.columns["age"], [30, 31])
    assert table.where == ("row 4", "row 6")


def test_a_sheet_is_named_where_several_hold_something(tmp_path: Path) -> None:
    book(tmp_path / "t.xlsx", [["age"], [30]], labs=[["crp"], [5]], empty=[])
    with pytest.raises(BadInput, match=r"expected one sheet, got 2 that hold something \(Sheet and labs\)"):
        read_workbook(tmp_path / "t.xlsx")
    assert list(read_workbook(tmp_path / "t.xlsx", "labs").columns) == ["crp"]
    with pytest.raises(BadInput, match="did you mean 'labs'"):
        read_workbook(tmp_path / "t.xlsx", "lab")


def test_of_a_formula_its_stored_value_counts(tmp_path: Path) -> None:
    """openpyxl stores none; the value is put where spreadsheets put it."""
    book(tmp_path / "t.xlsx", [["a", "double"], [1, "=2*A2"], [3, "=2*A3"]])
    with pytest.raises(BadInput, match="cell B2: a formula without a stored value"):
        read_workbook(tmp_path / "t.xlsx")
    stored = dict.fromkeys(("<v></v>", "<v />", "<v/>"), "<v>2</v>")
    _change(
        tmp_path / "t.xlsx",
        "xl/worksheets/sheet1.xml",
        stored,
    )
    np.testing.assert_array_equal(read_workbook(tmp_path / "t.xlsx").columns["double"], [2, 2])


def _change(path: Path, part: str, words: dict[str, str]) -> None:
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for each in old.namelist():
            text = old.read(each)
            for word, other in words.items() if each == part else ():
                text = text.replace(word.encode(), other.encode())
            new.writestr(each, text)
    path.write_bytes(changed.getvalue())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [["Visits of 2026"], ["age", "ward"], [30, "A"]],
            "row 1: expected the names of the columns, got one cell",
        ),
        ([["age", None, "ward"], [30, 1, "A"]], "cell B1: expected a column's name"),
        ([["age", "ward"], [30, "A"], [31, "B", None, "see below"]], "cell D3: a value beside the table"),
        ([["age", "age"], [30, 31]], "expected distinct column names"),
        ([[1, 2], [30, 31]], "expected column names, got numbers only"),
        ([["age", "ward"]], "expected rows below"),
        ([], "got empty ones alone"),
        ([["age"], [timedelta(hours=2)]], "cell A2: expected a number, a text or a date, got a duration"),
        ([["age"], [time(12, 30)]], "cell A2: expected a number, a text or a date"),
    ],
)
def test_what_is_no_table_is_one_line_with_its_cell(rows: list[list[Any]], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        read(tmp_path, rows)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    made = book(tmp_path / "t.xlsx", [["labs", None, "ward"], [1, 2, "A"]])
    made.active.merge_cells("A1:B1")
    made.save(tmp_path / "t.xlsx")
    with pytest.raises(BadInput, match="cells A1:B1 are merged"):
        read_workbook(tmp_path / "t.xlsx")


def test_an_error_in_a_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cell A2: expected a value, got the error #DIV/0!"):
        read(tmp_path, [["share"], ["#DIV/0!"]])


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    made = book(tmp_path / "t.xlsx", [["age"], [30], [31]])
    made.active.row_dimensions[3].hidden = True
    made.save(tmp_path / "t.xlsx")
    table = read_workbook(tmp_path / "t.xlsx")
    assert len(table) == 2
    assert table.remarks[0].startswith("1 row is hidden in the sheet")


def test_what_is_no_workbook_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("age,ward\n30,A\n")
    (tmp_path / "b.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as other:
        other.writestr("notes.txt", "no workbook")
    with zipfile.ZipFile(tmp_path / "d.xlsx", "w") as broken:
        broken.writestr("xl/workbook.xml", "<workbook")
    for name in ("a.xlsx", "b.xlsx", "c.xlsx", "d.xlsx"):
        with pytest.raises(BadInput, match="expected an Excel workbook") as error:
            read_workbook(tmp_path / name)
        assert "\n" not in str(error.value)
