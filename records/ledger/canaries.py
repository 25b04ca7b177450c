"""Canaries in the ledger: when one began, that it ended, and how the cases since then stand."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, literal_column, select

from escalation.model.canary import CanaryCase
from escalation.model.case import CaseStatus
from records.ledger.chains import append
from records.ledger.events import bodies
from records.ledger.schema import cases, events

SUBJECT = "/canary"
"""No case's id begins like this."""
BEGAN, ENDED = "canary.began", "canary.ended"
MOST = 20_000
"""Cases of both policies that are looked at, the newest; with more, the stated error holds for these."""
_TEXT = {
    "sqlite": "json_extract({0}, '$.{1}')",
    "postgresql": "({0}::json #>> string_to_array('{1}', '.'))",
}


def began(connection: Connection, digest: str) -> bool:
    """Whether a canary has begun."""
    return _at(connection, BEGAN, digest) is not None


def begin(connection: Connection, digest: str, policy: str, acting: str) -> bool:
    """Records that a canary begins, unless it has; says whether it was new."""
    if began(connection, digest):
        return False
    append(connection, SUBJECT, BEGAN, {"digest": digest, "policy": policy, "acting": acting})
    return True


def ended(connection: Connection, digest: str) -> str | None:
    """Why the canary ended; None where it has not."""
    found = [body for body in bodies(connection, SUBJECT, ENDED) if body["digest"] == digest]
    return str(found[0]["because"]) if found else None


def end(connection: Connection, digest: str, because: str) -> bool:
    """Records that a canary ends, unless it has; says whether it was new."""
    if ended(connection, digest) is not None:
        return False
    append(connection, SUBJECT, ENDED, {"digest": digest, "because": because})
    return True


def since(connection: Connection, digest: str, acting: str) -> Sequence[CanaryCase]:
    """The cases of both policies since the canary began, in the order in which they were opened."""
    at = _at(connection, BEGAN, digest)
    if at is None:
        return ()

    def part(column: str, path: str) -> Any:
        return literal_column(_TEXT[connection.dialect.name].format(column, path), Text)

    columns = (
        cases.c.status,
        part("info", "policy_digest").label("digest"),
        part("info", "policy_name").label("name"),
        part("outcome", "cost.usd").label("usd"),
        part("outcome", "cost.cpu_s").label("cpu_s"),
    )
    query = select(*columns).where(cases.c.opened_at >= at).order_by(cases.c.number.desc()).limit(MOST)
    return [
        CanaryCase(row.digest == digest, CaseStatus(row.status), float(row.usd or 0), float(row.cpu_s or 0))
        for row in reversed(connection.execute(query).all())
        if row.digest == digest or row.name == acting
    ]


def _at(connection: Connection, kind: str, digest: str) -> str | None:
    query = select(events.c.at, events.c.body).where(events.c.case_id == SUBJECT, events.c.kind == kind)
    return next((at for at, body in connection.execute(query) if json.loads(body)["digest"] == digest), None)
