"""Files of one table, below or beside each other."""

from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from toolbox.tables.joining import joined, stacked
from toolbox.tables.raw import RawTable


def table(**columns: Any) -> RawTable:
    made = {name: np.array(each) if isinstance(each[0], float) else each for name, each in columns.items()}
    count = len(next(iter(columns.values())))
    return RawTable(made, tuple(f"line {row + 2}" for row in range(count)), {})


def test_rows_of_equal_columns_stand_below_each_other_whatever_their_order() -> None:
    one, two = table(id=["a", "b"], age=["1", "2"]), table(age=[3.0], id=["c"])
    found = stacked([("a.csv", one), ("b.parquet", two)])
    assert found.columns == {"id": ["a", "b", "c"], "age": ["1", "2", "3"]}
    assert found.where == ("a.csv, line 2", "a.csv, line 3", "b.parquet, line 2")


def test_one_table_is_itself() -> None:
    one = table(id=["a"])
    assert stacked([("a.csv", one)]) is one


@pytest.mark.parametrize(
    ("other", "said"), [({"id": ["c"]}, "without age"), ({"id": ["c"], "age": ["1"], "x": ["2"]}, "with x")]
)
def test_other_columns_are_refused_with_the_file(other: dict[str, list[str | None]], said: str) -> None:
    with pytest.raises(BadInput, match=rf"b\.csv: expected the columns of a\.csv, got a table {said}"):
        stacked([("a.csv", table(id=["a"], age=["1"])), ("b.csv", table(**other))])


def test_columns_are_joined_by_a_key_whatever_the_order_of_rows() -> None:
    found = joined(
        [
            ("a.csv", table(id=["1", "2", "3"], age=["40", "50", "60"])),
            ("b.csv", table(crp=[7.0, 8.0, 9.0], id=[3.0, 1.0, 2.0])),
        ],
        "id",
    )
    assert found.columns["id"] == ["1", "2", "3"]
    assert found.columns["age"] == ["40", "50", "60"]
    np.testing.assert_array_equal(found.columns["crp"], [8, 9, 7])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"id": ["a", "a"], "crp": ["1", "2"]}, "b.csv, line 3: id 'a' stands in line 2 already"),
        ({"id": ["a"], "crp": ["1"]}, "a.csv, line 3: b.csv has no row for 'b'"),
        ({"id": ["a", "b", "c"], "crp": ["1", "2", "3"]}, "b.csv, line 4: a.csv has no row for 'c'"),
        ({"id": ["a", None], "crp": ["1", "2"]}, "b.csv, line 3: key column 'id': expected a value"),
        ({"id": ["a", "b"], "age": ["1", "2"]}, "b.csv: column 'age' stands in another file too"),
        ({"ID": ["a", "b"], "crp": ["1", "2"]}, "b.csv: key column 'id' is missing"),
    ],
)
def test_all_but_one_row_a_key_is_refused_with_the_row(other: dict[str, list[str | None]], said: str) -> None:
    with pytest.raises(BadInput) as error:
        joined([("a.csv", table(id=["a", "b"], age=["1", "2"])), ("b.csv", table(**other))], "id")
    assert said in str(error.value)
