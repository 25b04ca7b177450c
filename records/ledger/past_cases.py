"""Cases of the past in bulk, as texts: what a policy is tried over."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Row, Select, Table, select

from escalation.model.cases_wanted import CasesWanted
from escalation.model.identity import canonical_json
from escalation.policy.backtest.past_case import PastCase
from records.ledger.schema import attempts, cases, decisions, family_of

PAGE = 500
"""Cases that are read at once."""
_DIGEST = '"policy_digest":"'


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
    return _past(connection, rows, outcomes), rows[-1].number if len(rows) == PAGE else None


def past_case(connection: Connection, case_id: str) -> PastCase:
    """One case that is there, with what it came to."""
    columns = (cases.c.number, cases.c.case_id, cases.c.status, cases.c.info, cases.c.outcome)
    rows = connection.execute(select(*columns).where(cases.c.case_id == case_id)).all()
    return _past(connection, rows, outcomes=True)[0]


def _past(connection: Connection, rows: Sequence[Row[Any]], outcomes: bool) -> list[PastCase]:
    named = [row.case_id for row in rows]
    decided = _texts(connection, decisions, decisions.c.decision, named)
    tried = _texts(connection, attempts, attempts.c.attempt, named)
    policies: dict[str, tuple[str, str]] = {}
    return [
        PastCase(
            row.case_id,
            row.status,
            *_parted(row.info, policies),
            decided.get(row.case_id, ()),
            tried.get(row.case_id, ()),
            row.outcome if outcomes else None,
        )
        for row in rows
    ]


def _parted(info: str, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """What a case was opened with, but for the policy's text, and that: one object for all cases of a page.

    A policy is most of such a text, and it is handed from process to process.
    Of what cannot be read, nothing.
    """
    try:
        return _split(info, known)
    except (ValueError, LookupError, TypeError):  # whoever reads the text finds that out
        return "", ""


def _split(info: str, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    start = info.find(_DIGEST) + len(_DIGEST)
    digest = info[start : start + 64]
    if digest not in known:
        text = str(from_json(info)["policy_text"])
        known[digest] = f'"policy_text":{canonical_json(text).decode()}', text
    written, text = known[digest]
    parted = info.replace(written, '"policy_text":""', 1)
    return (parted, text) if len(parted) < len(info) else (info, str(from_json(info)["policy_text"]))


def _texts(connection: Connection, table: Table, column: Any, named: Sequence[str]) -> dict[str, list[str]]:
    query: Select[Any] = select(table.c.case_id, column).where(table.c.case_id.in_(named))
    found: dict[str, list[str]] = {}
    for case_id, text in connection.execute(query.order_by(table.c.case_id, table.c.number)):
        found.setdefault(case_id, []).append(text)
    return found
