"""Lines of named cells: names, lists, whole numbers, yes and no; complaints name line and column."""

from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from toolbox.tables.csv_file import Rules
from toolbox.tables.rows import Row, Table, read_table, refuse_two_spellings

ROW = Row("t.csv, line 2", {"name": "x", "list": "b; a;;b", "n": "1e1", "flag": "Yes", "empty": ""})


def table(tmp_path: Path, text: str) -> Table:
    (tmp_path / "t.csv").write_text(text)
    return read_table(tmp_path / "t.csv", Rules())


def test_cells_are_what_they_are_asked_for_as() -> None:
    assert ROW.name("name") == "x"
    assert ROW.names("list") == ("a", "b")
    assert ROW.whole("n", 1, 10) == 10
    assert ROW.whole("empty", 1, blank=7) == 7
    assert (ROW.flag("flag"), ROW.flag("empty"), ROW.flag("absent")) == (True, False, False)
    assert ROW.text("absent") == ""


def test_complaints_say_where() -> None:
    with pytest.raises(BadInput, match=r"^t\.csv, line 2, column n: value: expected a whole number from"):
        ROW.whole("n", 1, 9)
    with pytest.raises(BadInput, match=r"^t\.csv, line 2, column empty: expected a name .*, got ''"):
        ROW.name("empty")
    with pytest.raises(BadInput, match=r"^t\.csv, line 2, column name: expected yes or no, got 'x'"):
        ROW.flag("name")


def test_columns_are_distinct_and_known(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 3: expected distinct columns, got 'a' 2 times"):
        table(tmp_path, "# x\n\na,b,a\n1,2,3\n")
    found = table(tmp_path, "a,b\n1,2\n")
    found.check(["a"], ["b", "c"])
    with pytest.raises(BadInput, match="expected a column 'c', got a and b"):
        found.check(["c"], ["a", "b"])
    with pytest.raises(BadInput, match="unknown column 'b': expected some of a; remove it"):
        found.check(["a"], [])


def test_what_identifies_a_line_stands_once(tmp_path: Path) -> None:
    assert list(table(tmp_path, "id\nx\ny\n").once("id")) == ["x", "y"]
    with pytest.raises(
        BadInput, match=r"line 3, column id: expected each id once, also at .*line 2, got 'x'"
    ):
        table(tmp_path, "id\nx\nx\n").once("id")


def test_one_number_is_not_two_names() -> None:
    refuse_two_spellings([(ROW, "id", "7"), (ROW, "id", "7"), (ROW, "id", "7.5"), (ROW, "id", "x7")])
    with pytest.raises(BadInput, match=r"column id: expected one spelling of 7, as '7' at .*, got '007'"):
        refuse_two_spellings([(ROW, "id", "7"), (ROW, "id", "007")])
