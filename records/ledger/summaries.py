"""Cases of a span of time in bulk, no more of each than an overview counts."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Row, func, select

from records.ledger.schema import attempts, cases, decisions, events, family_of

PAGE = 500
"""Cases that are read at once."""


class CaseSummary(NamedTuple):
    """A case as its rows have it.

    Attributes:
        case_id: its id.
        family: of its problem.
        status: as written, which may be that of a process that is gone.
        outcome: what it came to, as JSON; None where it came to nothing yet.
        decisions: in order, as JSON.
        attempts: the finished ones in order, as JSON.
    """

    case_id: str
    family: str
    status: str
    outcome: dict[str, Any] | None
    decisions: Sequence[dict[str, Any]]
    attempts: Sequence[dict[str, Any]]


def opened_between(
    connection: Connection, since: str, until: str, unreadable: list[str]
) -> Iterator[CaseSummary]:
    """The cases that were opened from `since` on and before `until`, both as the ledger writes moments.

    `unreadable` is given the ids of those whose rows hold what the program never writes.
    """
    family = family_of(connection.dialect.name).label("family")
    query = select(cases.c.number, cases.c.case_id, family, cases.c.status, cases.c.outcome)
    query = query.where(cases.c.opened_at >= since, cases.c.opened_at < until).order_by(cases.c.number)
    after = 0
    while rows := connection.execute(query.where(cases.c.number > after).limit(PAGE)).all():
        yield from _summaries(connection, rows, unreadable)
        after = rows[-1].number


def count_by_status(connection: Connection) -> dict[str, int]:
    """How many cases there are in each state, as written."""
    query = select(cases.c.status, func.count()).group_by(cases.c.status)
    return dict(connection.execute(query).tuples().all())


def subjects_under(connection: Connection, beginning: str) -> list[str]:
    """What events are about and begins so, in order."""
    about = events.c.case_id
    query = select(about).where(about.startswith(beginning, autoescape=True)).distinct().order_by(about)
    return list(connection.execute(query).scalars())


def cases_with(connection: Connection, kind: str) -> list[str]:
    """The cases that have an event of that kind."""
    return list(
        connection.execute(select(events.c.case_id).where(events.c.kind == kind).distinct()).scalars()
    )


def _summaries(
    connection: Connection, rows: Sequence[Row[Any]], unreadable: list[str]
) -> Iterator[CaseSummary]:
    named = [row.case_id for row in rows]
    decided = _texts(connection, decisions.c.decision, named)
    tried = _texts(connection, attempts.c.attempt, named)
    for row in rows:
        try:
            outcome = None if row.outcome is None else from_json(row.outcome)
            made, tries = (
                [from_json(text) for text in texts.get(row.case_id, ())] for texts in (decided, tried)
            )
        except (ValueError, TypeError):
            unreadable.append(row.case_id)
            continue
        yield CaseSummary(row.case_id, row.family, row.status, outcome, made, tries)


def _texts(connection: Connection, column: Any, named: Sequence[str]) -> dict[str, list[str]]:
    table = column.table
    query = select(table.c.case_id, column).where(table.c.case_id.in_(named))
    found: dict[str, list[str]] = {}
    for case_id, text in connection.execute(query.order_by(table.c.case_id, table.c.number)):
        found.setdefault(case_id, []).append(text)
    return found
