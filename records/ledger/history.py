"""Decisions and finished attempts in the ledger: written once, never changed."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from escalation.model.attempt import Attempt, Candidate
from escalation.model.decision import Decision
from escalation.model.errors import CaseConflict
from escalation.model.identity import digest_json
from escalation.ports.store import Store
from records.ledger.chains import text_json
from records.ledger.codec import candidate_from_json
from records.ledger.events import by_key, check, put, seal
from records.ledger.readable import of_row
from records.ledger.schema import attempts, decisions

Row = dict[str, str | None]


def add_decision(connection: Connection, case_id: str, decision: Decision) -> None:
    """Writes a decision; the same one again changes nothing.

    Raises:
        CaseConflict: when the case has another decision of that number.
    """
    values: Row = {"decision": text_json(decision.to_json())}
    body = {"digest": decision.digest, "action": str(decision.action), "rule": decision.rule}
    _add(connection, decisions, (case_id, decision.number), values, kind="decision.added", body=body)


def find_decision(connection: Connection, case_id: str, number: int) -> Decision | None:
    """Returns the case's decision of that number."""
    row = by_key(connection, decisions, (case_id, number))
    return None if row is None else _decision(row)


def all_decisions(connection: Connection, case_id: str) -> Sequence[Decision]:
    """Returns the case's decisions in order."""
    return [_decision(row) for row in _all(connection, decisions, case_id)]


def add_attempt(connection: Connection, case_id: str, attempt: Attempt, candidate: Candidate | None) -> None:
    """Writes a finished attempt; the same one again changes nothing.

    Raises:
        CaseConflict: when the case has another attempt of that number.
    """
    given = None if candidate is None else candidate.to_json()
    values: Row = {
        "attempt": text_json(attempt.to_json()),
        "candidate": None if given is None else text_json(given),
    }
    body = {
        "digest": attempt.digest,
        "candidate": None if given is None else digest_json(given),
        "status": str(attempt.status),
    }
    _add(connection, attempts, (case_id, attempt.number), values, kind="attempt.added", body=body)


def find_attempt(
    connection: Connection, store: Store, case_id: str, number: int
) -> tuple[Attempt, Candidate | None] | None:
    """Returns the case's attempt of that number, its candidate's bytes read from the store."""
    row = by_key(connection, attempts, (case_id, number))
    return None if row is None else _attempt(row, store)


def all_attempts(
    connection: Connection, store: Store, case_id: str
) -> Sequence[tuple[Attempt, Candidate | None]]:
    """Returns the case's attempts in order, their candidates' bytes read from the store."""
    return [_attempt(row, store) for row in _all(connection, attempts, case_id)]


def attempt_records(connection: Connection, case_id: str) -> Sequence[Attempt]:
    """Returns the case's attempts in order, from the ledger alone: no candidate's bytes are read."""
    return [_attempt_record(row) for row in _all(connection, attempts, case_id)]


def _add(
    connection: Connection,
    table: Table,
    key: tuple[str, int],
    values: Row,
    *,
    kind: str,
    body: dict[str, Any],
) -> None:
    case_id, number = key
    row = by_key(connection, table, key)
    if row is None:
        written = put(connection, table, key, None, values)
        seal(connection, table, written, kind, {"number": number, **body})
        return
    check(connection, table, key, row)
    if any(row[name] != value for name, value in values.items()):
        what = kind.partition(".")[0]
        raise CaseConflict(
            f"case {case_id!r} already has another {what} {number}: the code, its versions or the machine "
            "differ from those it was run with; start a new case"
        )


def _all(connection: Connection, table: Table, case_id: str) -> Sequence[RowMapping]:
    query = select(table).where(table.c.case_id == case_id).order_by(table.c.number)
    return connection.execute(query).mappings().all()


@of_row(decisions)
def _decision(row: RowMapping) -> Decision:
    return Decision.model_validate(json.loads(row["decision"]))


@of_row(attempts)
def _attempt_record(row: RowMapping) -> Attempt:
    return Attempt.model_validate(json.loads(row["attempt"]))


@of_row(attempts)
def _attempt(row: RowMapping, store: Store) -> tuple[Attempt, Candidate | None]:
    given = row["candidate"]
    return _attempt_record(row), None if given is None else candidate_from_json(json.loads(given), store)
