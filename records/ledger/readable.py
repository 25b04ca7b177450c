"""Rows as objects: one that holds what this program never writes is named, whoever reads it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import RowMapping, Table

from escalation.model.errors import CorruptRecord
from records.ledger.events import key_of

P = ParamSpec("P")
R = TypeVar("R")
Broken = Callable[[str], None]
"""Is told of a row that cannot be read."""
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What text that is no JSON, or JSON of another form, ends in."""


def of_row(
    table: Table,
) -> Callable[[Callable[Concatenate[RowMapping, P], R]], Callable[Concatenate[RowMapping, P], R]]:
    """Marks what makes an object of a row of that table; it raises `CorruptRecord` where it cannot."""

    def marked(
        make: Callable[Concatenate[RowMapping, P], R],
    ) -> Callable[Concatenate[RowMapping, P], R]:
        @wraps(make)
        def made(row: RowMapping, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return make(row, *args, **kwargs)
            except UNREADABLE as error:
                raise CorruptRecord(unreadable(table, row)) from error

        return made

    return marked


def unreadable(table: Table, row: RowMapping | Any) -> str:
    """What is said of such a row."""
    named = "/".join(map(str, key_of(table, row)))
    return f"the row {table.name} {named} cannot be read: it holds what this program never writes"
