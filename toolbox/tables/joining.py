"""Several files of one table: rows below each other, or columns beside each other by a key."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import listed
from toolbox.tables.as_numbers import check_column, present_texts, texts_of
from toolbox.tables.raw import Numbers, RawTable, Texts

Named = tuple[str, RawTable]
"""A table and its file's name, for complaints."""


def stacked(tables: Sequence[Named]) -> RawTable:
    """One table of the rows of all, in order.

    Raises:
        BadInput: naming the file, when it has other columns than the first, or another decimal mark.
    """
    first_name, first = tables[0]
    if len(tables) == 1:
        return first
    for name, table in tables[1:]:
        lacks = [column for column in first.columns if column not in table.columns]
        more = [column for column in table.columns if column not in first.columns]
        if lacks or more:
            got = f"without {listed(lacks)}" if lacks else f"with {listed(more)}"
            raise BadInput(f"{name}: expected the columns of {first_name}, got a table {got}")
        if table.decimal != first.decimal:
            raise BadInput(f"{name}: expected numbers written as in {first_name}, got another decimal mark")
    return RawTable(
        {column: _below([table.columns[column] for _, table in tables]) for column in first.columns},
        tuple(f"{name}, {place}" for name, table in tables for place in table.where),
        {"files": [dict(table.source) for _, table in tables]},
        decimal=first.decimal,
        commas=any(table.commas for _, table in tables),
        remarks=_remarks(tables),
    )


def joined(tables: Sequence[Named], key: str) -> RawTable:
    """One table of the columns of all, rows of one key beside each other; the key itself stands once.

    Raises:
        BadInput: naming file and row: a key is missing, stands twice in a table, or in one table alone, or
            two tables share another column.
    """
    first_name, first = tables[0]
    keys = _keys(first_name, first, key)
    columns: dict[str, Texts | Numbers] = {**first.columns}
    for name, table in tables[1:]:
        places = _keys(name, table, key)
        _refuse_alone(first_name, first, keys, name, places)
        _refuse_alone(name, table, places, first_name, keys)
        if table.decimal != first.decimal:
            raise BadInput(f"{name}: expected numbers written as in {first_name}, got another decimal mark")
        order = np.array([places[text] for text in keys])
        for column, values in table.columns.items():
            if column == key:
                continue
            if column in columns:
                raise BadInput(
                    f"{name}: column {column!r} stands in another file too: rename it, or remove it"
                )
            columns[column] = values[order] if isinstance(values, np.ndarray) else [values[i] for i in order]
    source: Mapping[str, Any] = {"files": [dict(table.source) for _, table in tables], "joined_by": key}
    return RawTable(
        columns,
        tuple(f"{first_name}, {place}" for place in first.where),
        source,
        decimal=first.decimal,
        commas=any(table.commas for _, table in tables),
        remarks=_remarks(tables),
    )


def _keys(name: str, table: RawTable, key: str) -> dict[str, int]:
    check_column(table, key, "key", name)
    found: dict[str, int] = {}
    for row, text in enumerate(present_texts(table, key, "key", name)):
        if text in found:
            raise BadInput(
                f"{name}, {table.where[row]}: {key} {text!r} stands in {table.where[found[text]]} already: "
                "expected "
                "one row a key"
            )
        found[text] = row
    return found


def _refuse_alone(
    name: str, table: RawTable, keys: Mapping[str, int], other: str, known: Mapping[str, int]
) -> None:
    alone = [text for text in keys if text not in known]
    if alone:
        more = f" (and {len(alone) - 1} more)" if alone[1:] else ""
        raise BadInput(
            f"{name}, {table.where[keys[alone[0]]]}: {other} has no row for {alone[0]!r}{more}: expected "
            "one row a "
            "key in each file"
        )


def _below(parts: Sequence[Texts | Numbers]) -> Texts | Numbers:
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) == len(parts):
        return np.concatenate(arrays)
    tables = [RawTable({"": part}, ("",) * len(part), {}) for part in parts]
    return [text for table in tables for text in texts_of(table, "")]


def _remarks(tables: Sequence[Named]) -> tuple[str, ...]:
    return tuple(f"{name}: {said}" for name, table in tables for said in table.remarks)
