"""Chains of events: append-only, each event holding the hash of the one before; one chain a case.

What changes money (budgets, limits, approvals) is in one chain for all cases, so that what is spent is one
serial history; each event there names the head of its case's chain as it was then. Who writes locks the heads
of the chains that he writes to: first the case's, then that of money, so that nobody waits in a circle.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, RowMapping, Update, bindparam, insert, select, text, update

from escalation.model.identity import canonical_json, digest_bytes
from records.ledger.schema import GENESIS, events, following, heads

MONEY = "/money"
CHECKPOINTS = "/checkpoints"
CLOSED = "/closed"
"""The one chain of the layouts before 5, which ended when the ledger was brought up to date."""
_NAMES = {MONEY: "the chain of money", CHECKPOINTS: "the chain of checkpoints", CLOSED: "the closed chain"}
_OF_MONEY = frozenset({"budget", "limit", "approval"})
_HELD, _GREW, _SEALED = "tierwise_heads", "tierwise_grew", "tierwise_sealed"
_NAMING = _OF_MONEY | {"case"}
"""What kinds of events name the last event of the chain of checkpoints: were that chain gone, or made anew,
every case that began or ended since would miss it, and all that was spent."""
_LAST_OF = select(heads.c.number, heads.c.hash).where(heads.c.chain == bindparam("named"))
_LOCKED = select(heads.c.number, heads.c.hash).where(heads.c.chain == bindparam("named")).with_for_update()
_NEW = text(
    "INSERT INTO heads (chain, number, hash, sealed) VALUES (:chain, 0, :hash, :sealed) "
    "ON CONFLICT (chain) DO NOTHING RETURNING number, hash"
)


class Head(NamedTuple):
    """The last event of a chain: its number, 0 where there is none, and its hash."""

    number: int
    hash: str


NOTHING = Head(0, GENESIS)


def now() -> str:
    """The time as ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def text_json(value: Any) -> str:
    """Canonical JSON as text, the form in which rows hold it."""
    return canonical_json(value).decode()


def chain_of(case_id: str, kind: str) -> str:
    """The chain that an event of that kind about the case belongs to."""
    return MONEY if kind.partition(".")[0] in _OF_MONEY else case_id


def named(chain: str) -> str:
    """The chain in words."""
    return _NAMES.get(chain, f"chain {chain}")


def begin(connection: Connection) -> None:
    """Begins a transaction that writes: it holds no chain yet."""
    connection.info[_HELD] = {}
    connection.info[_GREW] = False
    connection.info[_SEALED] = {}


def sealed(connection: Connection) -> dict[str, str | None]:
    """By `row_key`: the digests of rows in their last seals, as far as this transaction knows them."""
    known: dict[str, str | None] = connection.info[_SEALED]
    return known


def grew(connection: Connection) -> bool:
    """Whether the transaction appended an event so far."""
    return bool(connection.info[_GREW])


def lock(connection: Connection, chain: str) -> Head:
    """Holds the chain until the transaction ends; returns its head. Nobody else writes to it meanwhile."""
    held: dict[str, Head] = connection.info[_HELD]
    if chain not in held:
        row = connection.execute(_LOCKED, {"named": chain}).one_or_none()
        if row is None:
            begun = connection.execute(_NEW, {"chain": chain, "hash": GENESIS, "sealed": True}).one_or_none()
            row = begun or connection.execute(_LOCKED, {"named": chain}).one()
        held[chain] = Head(*row)
    return held[chain]


def append(connection: Connection, case_id: str, kind: str, body: Mapping[str, Any]) -> int:
    """Appends an event to the chain it belongs to; returns its number there."""
    chain = chain_of(case_id, kind)
    if chain == MONEY and case_id:
        body = {**body, "case": list(lock(connection, case_id))}
    if kind.partition(".")[0] in _NAMING:
        named_ = connection.execute(_LAST_OF, {"named": CHECKPOINTS}).one_or_none()
        body = body if named_ is None else {**body, "checkpoint": list(named_)}
    head = lock(connection, chain)
    event: dict[str, Any] = {
        "number": head.number + 1,
        "at": now(),
        "case_id": case_id,
        "kind": kind,
        "body": text_json(body),
        "row_key": row_key(body),
        "previous": head.hash,
    }
    event["hash"] = digest(event)
    after = Head(event["number"], event["hash"])
    said = {f"new_{name}": value for name, value in {"chain": chain, **event}.items()}
    for statement in _appending(connection.dialect.supports_sequences):
        connection.execute(statement, said)
    connection.info[_HELD][chain] = after
    connection.info[_GREW] = True
    return after.number


@cache
def _appending(sequences: bool) -> tuple[Insert | Update, ...]:
    """The statements that write an event and the chain's new head; one where the database can, else two."""
    named: dict[str, Any] = {column.name: bindparam(f"new_{column.name}") for column in events.columns}
    named["position"] = following(events.c.position, sequences=sequences)
    event = insert(events).values(named)
    head = update(heads).where(heads.c.chain == bindparam("new_chain"))
    head = head.values(number=bindparam("new_number"), hash=bindparam("new_hash"), sealed=False)
    return (head.add_cte(event.cte("appended")),) if sequences else (event, head)


def digest(event: Mapping[str, Any] | RowMapping) -> str:
    """The hash of an event: of what it says, when, and of the hash before it."""
    return digest_bytes(hashed(event))


def hashed(event: Mapping[str, Any] | RowMapping) -> bytes:
    """The bytes whose hash is the event's.

    They are the canonical JSON of these columns, with the body's text in its place letter by letter: a body
    of the same meaning in other letters has another hash.
    """
    before = canonical_json({"at": event["at"]})[1:-1]
    after = canonical_json({name: event[name] for name in ("case_id", "kind", "number", "previous")})[1:-1]
    return b'{%b,"body":%b,%b}' % (before, event["body"].encode(), after)


def row_key(body: Any) -> str | None:
    """Which row an event of that body seals, as one text: its table and its key; None where it seals none."""
    try:
        row = body["row"]
        return text_json([row["table"], *row["key"]])
    except (KeyError, TypeError):
        return None


def decoded(row: Mapping[str, Any] | RowMapping) -> dict[str, Any] | None:
    """The event's body; None where it is no JSON object."""
    try:
        body = json.loads(row["body"])
    except (ValueError, TypeError):
        return None
    return body if isinstance(body, dict) else None


def link_finding(row: RowMapping, body: Mapping[str, Any] | None, before: Head) -> str:
    """What is wrong with an event that should follow that head, empty where nothing is."""
    number, chain = row["number"], named(row["chain"])
    which = f"event {number} of {chain}"
    if number != before.number + 1:
        return f"expected event {before.number + 1} of {chain}, got event {number}: events are missing"
    if row["previous"] != before.hash:
        return f"{which}: expected {before.hash} as the hash before it, got {row['previous']}"
    try:
        actual = "" if body is None else digest(row)
    except (ValueError, TypeError, AttributeError):  # bytes in a column of text
        actual = ""
    if not actual:
        return f"{which}: its body is not JSON"
    if row["hash"] != actual:
        return f"{which}: expected hash {actual} of what it says, got {row['hash']}"
    if row["row_key"] != row_key(body):
        return f"{which}: expected {row_key(body)} as the row that it seals, got {row['row_key']}"
    return _place_finding(row, which)


def _place_finding(row: RowMapping, which: str) -> str:
    belongs = chain_of(row["case_id"], row["kind"])
    if row["chain"] not in (belongs, CLOSED):
        return f"{which}: expected {row['kind']} of case {row['case_id']} in {named(belongs)}"
    return ""
