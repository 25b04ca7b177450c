"""Which bytes of the store the ledger names, and what they are of a case."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from escalation.model.errors import CorruptRecord
from escalation.model.pruned import BytesOf
from records.ledger.chains import decoded
from records.ledger.readable import UNREADABLE, Broken, unreadable
from records.ledger.schema import attempts, cases, events, heads, intents, submissions

Named = Iterator[tuple[BytesOf, str]]


def refused(said: str) -> None:
    """Raises `CorruptRecord` with what was said."""
    raise CorruptRecord(said)


def named(
    connection: Connection, case_id: str | None = None, broken: Broken = refused
) -> Iterator[tuple[str, BytesOf, str]]:
    """The digests of all bytes that rows name, with the case and what they are of it: files of instances,
    inputs and results of work, candidates, what was sent, answers and reports.

    Args:
        connection: to the ledger.
        case_id: of this case alone; None: of all.
        broken: is told of each row that cannot be read, and so names nothing; default: is refused.
    """
    paid = {_work_key(row) for row in _rows(connection, submissions, case_id)}
    for table, found_in in _NAMING.items():
        for row in _rows(connection, table, case_id):
            try:
                found = [(what, digest) for what, digest in found_in(row) if digest]
            except UNREADABLE:
                broken(unreadable(table, row))
                continue
            bought = table is intents and _work_key(row) in paid
            for what, digest in found:
                yield row["case_id"], BytesOf.PAID if bought else what, digest


def of_devices(connection: Connection) -> Iterator[str]:
    """The digests of the calibrations that events of devices name."""
    chains = select(heads.c.chain).where(heads.c.chain.like("device/%"))
    for row in connection.execute(select(events).where(events.c.chain.in_(chains))).mappings():
        yield from filter(None, [(decoded(row) or {}).get("calibration")])  # no JSON: the walk says so


def _rows(connection: Connection, table: Table, case_id: str | None) -> Iterator[RowMapping]:
    query = select(table) if case_id is None else select(table).where(table.c.case_id == case_id)
    yield from connection.execute(query).mappings()


def _work_key(row: RowMapping) -> tuple[str, int, int]:
    return row["case_id"], row["attempt"], row["ordinal"]


def _of_case(row: RowMapping) -> Named:
    ended = json.loads(row["outcome"] or "{}")
    for digest in (json.loads(row["info"]).get("files") or {}).values():
        yield BytesOf.DATA, digest
    yield BytesOf.REPORT, ended.get("report")
    for digest in (ended.get("files") or {}).values():
        yield BytesOf.ANSWER, digest


def _of_work(row: RowMapping) -> Named:
    for text in filter(None, (row["work"], row["result"])):
        yield from ((BytesOf.WORK, digest) for digest in _kept(json.loads(text)))


def _of_attempt(row: RowMapping) -> Named:
    json.loads(row["attempt"])  # names nothing, and must be readable
    if row["candidate"]:
        yield from ((BytesOf.CANDIDATE, digest) for digest in _kept(json.loads(row["candidate"])))


def _of_submission(row: RowMapping) -> Named:
    said = json.loads(row["handoff"])
    for digest in (said["payload"], said["raw"], *said["calibrations"].values()):
        yield BytesOf.PAID, digest


_NAMING: dict[Table, Callable[[RowMapping], Named]] = {
    cases: _of_case,
    intents: _of_work,
    attempts: _of_attempt,
    submissions: _of_submission,
}


def _kept(data: Mapping[str, Any]) -> Iterator[str]:
    """The digests under the names by which `records.ledger.codec` keeps bytes."""
    for name in ("inputs", "files", "evidence"):
        yield from (data.get(name) or {}).values()
    for pub in data.get("pubs") or ():
        yield from (pub["qasm3"], pub["parameters"])
    for control in (data.get("controls") or {}).values():
        yield from _kept(control)
