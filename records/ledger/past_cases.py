"""Cases of the past in bulk, as texts: what a policy is tried over."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from escalation.model.cases_wanted import CasesWanted
from escalation.policy.backtest.past_case import PastCase
from records.ledger.schema import attempts, cases, decisions, family_of

PAGE = 500
"""Cases that are read at once."""


def past_page(
    connection: Connection, wanted: CasesWanted, after: int, *, outcomes: bool
) -> tuple[Sequence[PastCase], int | None]:
    """A page of cases in the order in which they were opened, and after which number the next begins.

    Args:
        connection: to read with; a page is of one moment.
        wanted: of these, `family` and `since` count.
        after: the number that all are beyond.
        outcomes: whether what they came to is read as well.
    """
    columns = [cases.c.number, cases.c.case_id, cases.c.status, cases.c.info]
    query = select(*columns, *([cases.c.outcome] if outcomes else [])).where(cases.c.number > after)
    if wanted.family is not None:
        query = query.where(family_of(connection.dialect.name) == wanted.family)
    if wanted.since_text is not None:
        query = query.where(cases.c.opened_at >= wanted.since_text)
    rows = connection.execute(query.order_by(cases.c.number).limit(PAGE)).all()
    named = [row.case_id for row in rows]
    decided = _texts(connection, decisions, decisions.c.decision, named)
    tried = _texts(connection, attempts, attempts.c.attempt, named)
    found = [
        PastCase(
            row.case_id,
            row.status,
            row.info,
            decided.get(row.case_id, ()),
            tried.get(row.case_id, ()),
            row.outcome if outcomes else None,
        )
        for row in rows
    ]
    return found, rows[-1].number if len(rows) == PAGE else None


def _texts(connection: Connection, table: Table, column: Any, named: Sequence[str]) -> dict[str, list[str]]:
    query: Select[Any] = select(table.c.case_id, column).where(table.c.case_id.in_(named))
    found: dict[str, list[str]] = {}
    for case_id, text in connection.execute(query.order_by(table.c.case_id, table.c.number)):
        found.setdefault(case_id, []).append(text)
    return found
