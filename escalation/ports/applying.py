"""What an accepted answer says of new rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SaidOfRow:
    """One new row.

    Attributes:
        where: how the row is named to people: `line 17`.
        values: what is predicted, by the header's words.
        reasons: the columns that moved it most, in their own words; the strongest first.
        flags: in what the row is unlike all that was learnt from; empty where it is like it.
    """

    where: str
    values: Mapping[str, Any]
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """New rows, and what there is to know before anybody uses what is said of them.

    Attributes:
        rows: in their file's order.
        remarks: on all of them.
        aside: values that a screen goes without, such as the probability of each of ten classes.
    """

    rows: tuple[SaidOfRow, ...]
    remarks: tuple[str, ...] = field(default=())
    aside: tuple[str, ...] = ()
