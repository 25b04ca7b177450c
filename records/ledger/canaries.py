"""Canaries in the ledger: when one began, that it ended, and what the cases since then come to."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Text, literal_column, select

from escalation.model.canary import ENDED, CanaryCase, CanaryCount
from escalation.model.case import CaseStatus
from records.ledger.chains import append
from records.ledger.events import bodies
from records.ledger.schema import cases, events

SUBJECT = "/canary"
"""No case's id begins like this."""
BEGAN, COUNTED, OVER = "canary.began", "canary.counted", "canary.ended"
KEPT_AFTER = 200
"""Cases after which a count is kept, so that the next look need not read them again."""
MOST_WAITING = 1000
"""Cases that have not ended and are looked at again, the newest; of more, the oldest are given up."""
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
    found = [body for body in bodies(connection, SUBJECT, OVER) if body["digest"] == digest]
    return str(found[0]["because"]) if found else None


def end(connection: Connection, digest: str, because: str) -> bool:
    """Records that a canary ends, unless it has; says whether it was new."""
    if ended(connection, digest) is not None:
        return False
    append(connection, SUBJECT, OVER, {"digest": digest, "because": because})
    return True


@dataclass(frozen=True)
class Looked:
    """What a look at the cases since the canary began came to.

    Attributes:
        count: of those that have ended.
        upto: the number of the newest case that was seen.
        waiting: numbers of those that had not ended yet.
        kept: the event that the look went on from; 0 where there was none.
        fresh: cases that were not seen before that event.
    """

    count: CanaryCount
    upto: int = 0
    waiting: tuple[int, ...] = ()
    kept: int = 0
    fresh: int = 0


def look(connection: Connection, digest: str, acting: str, bound: float) -> Looked:
    """Counts the cases of both policies since the canary began, each once, as it is first seen to have ended.

    It goes on from what was kept, so that a look costs the same however old the canary is.
    """
    at = _at(connection, BEGAN, digest)
    before = _kept(connection, digest, acting, bound)
    if at is None:
        return before
    here, both = cases.c, _rows(connection.dialect.name)
    fresh = connection.execute(both.where(here.opened_at >= at, here.number > before.upto)).all()
    waited = connection.execute(both.where(here.number.in_(before.waiting))).all() if before.waiting else []
    count, waiting = before.count, []
    for row in (*waited, *fresh):
        if row.digest != digest and row.name != acting:
            continue
        if row.status not in ENDED:
            waiting.append(row.number)
        status, usd, cpu_s = CaseStatus(row.status), float(row.usd or 0), float(row.cpu_s or 0)
        count = count.plus(CanaryCase(row.digest == digest, status, usd, cpu_s))
    upto = fresh[-1].number if fresh else before.upto
    return Looked(count, upto, tuple(waiting[-MOST_WAITING:]), before.kept, len(fresh))


def keep(connection: Connection, digest: str, acting: str, found: Looked) -> None:
    """Keeps what a look came to, unless another one was kept meanwhile."""
    if _last_kept(connection, digest)[0] == found.kept:
        said = {"count": found.count.to_json(), "upto": found.upto, "waiting": list(found.waiting)}
        append(connection, SUBJECT, COUNTED, {"digest": digest, "acting": acting, **said})


def _kept(connection: Connection, digest: str, acting: str, bound: float) -> Looked:
    """The look that was kept last; an empty one where that was of another acting policy or bound."""
    kept, body = _last_kept(connection, digest)
    if body is None or body["acting"] != acting or body["count"]["bound"] != bound:
        return Looked(CanaryCount(bound=bound), kept=kept)
    return Looked(CanaryCount.model_validate(body["count"]), body["upto"], tuple(body["waiting"]), kept)


def _last_kept(connection: Connection, digest: str) -> tuple[int, dict[str, Any] | None]:
    query = select(events.c.number, events.c.body).where(
        events.c.case_id == SUBJECT, events.c.kind == COUNTED
    )
    for number, body in connection.execute(query.order_by(events.c.position.desc())):
        found = json.loads(body)
        if found["digest"] == digest:
            return number, found
    return 0, None


def _rows(dialect: str) -> Select[Any]:
    def part(column: str, path: str) -> Any:
        return literal_column(_TEXT[dialect].format(column, path), Text)

    columns = (
        cases.c.number,
        cases.c.status,
        part("info", "policy_digest").label("digest"),
        part("info", "policy_name").label("name"),
        part("outcome", "cost.usd").label("usd"),
        part("outcome", "cost.cpu_s").label("cpu_s"),
    )
    return select(*columns).order_by(cases.c.number)


def _at(connection: Connection, kind: str, digest: str) -> str | None:
    query = select(events.c.at, events.c.body).where(events.c.case_id == SUBJECT, events.c.kind == kind)
    return next((at for at, body in connection.execute(query) if json.loads(body)["digest"] == digest), None)
