"""Leases: which process runs a case, and whether it is still there.

A process believed dead cannot write: each taking of a lease raises its fencing token, and every write is
checked against it (Kleppmann, "How to do distributed locking", 2016).

Whether a holder lives is seen directly where that can be: on the same boot, in the same namespace of process
ids. Elsewhere its heartbeats tell. Their age is counted by a clock that nobody can set where holder and
reader share the kernel, else by the database's clock, which all of them share.
"""

import json
from dataclasses import asdict
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, RowMapping, Update, bindparam, insert, select, update

from escalation.model.clock import Instant, ProcessIdentity, this_process
from escalation.model.elapsed import Elapsed
from escalation.model.errors import CaseConflict
from records.ledger.chains import text_json
from records.ledger.schema import leases
from records.ledger.shared_clock import clock, clock_parameters, database_time_s, is_shared

SILENT_LEASES = 10.0
"""A process that lives and says nothing for so many leases has lost the case in some other way: a driver
that was abandoned. One that was stopped and goes on later finds its token outdated."""

_OF_CASE = leases.c.case_id == bindparam("of_case")
_OF_TOKEN = leases.c.token == bindparam("of_token")
_FIND = select(leases).where(_OF_CASE)
_NOTE = update(leases).where(_OF_CASE).values(elapsed=bindparam("taken"))
_GIVE_BACK = update(leases).where(_OF_CASE, _OF_TOKEN).values(held=False)


def find(connection: Connection, case_id: str) -> RowMapping | None:
    """The case's lease, held or given back."""
    return connection.execute(_FIND, {"of_case": case_id}).mappings().one_or_none()


def held(connection: Connection, lease: RowMapping | None) -> bool:
    """Whether a living process holds the lease: seen directly, or by its heartbeats."""
    if lease is None or not lease["held"]:
        return False
    lives = holder(lease).alive()
    if lives is False:
        return False
    left_s = _left_s(connection, lease, SILENT_LEASES if lives else 1.0)
    return left_s >= 0.0


def holder(lease: RowMapping) -> ProcessIdentity:
    """The process that took the lease."""
    return ProcessIdentity.from_json(dict(lease))


def take(connection: Connection, case_id: str, lease_s: float, *, abandoned: bool = False) -> int:
    """Takes a lease that nobody holds; returns its fencing token.

    Args:
        connection: in a transaction that writes.
        case_id: the case.
        lease_s: seconds after which a silent holder that cannot be seen counts as gone.
        abandoned: nobody in this process holds the lease, so that one in its name is taken.

    Raises:
        CaseConflict: when a living process holds it, named by its id.
    """
    lease = find(connection, case_id)
    if lease is not None and held(connection, lease) and not (abandoned and holder(lease) == this_process()):
        raise CaseConflict(_busy(connection, case_id, lease))
    return _take(connection, case_id, lease_s, lease)


def begin(connection: Connection, case_id: str, lease_s: float) -> int:
    """The same for a case that was just opened, whose lease nobody can hold."""
    return _take(connection, case_id, lease_s, None)


def _take(connection: Connection, case_id: str, lease_s: float, before: RowMapping | None) -> int:
    token = 1 if before is None else int(before["token"]) + 1
    values = {"token": token, "held": True, "lease_s": lease_s, **asdict(this_process())}
    values |= {"boot_s": Instant.now().at_s, **clock_parameters(connection)}
    shared = is_shared(connection)
    if before is None:
        connection.execute(_insertion(shared), {"case_id": case_id, **values})
    else:
        connection.execute(_taking(shared), {"of_case": case_id, **values})
    return token


def renew(connection: Connection, case_id: str, token: int | None) -> None:
    """Renews the lease, which is what every write does first.

    Raises:
        CaseConflict: when the token is not the lease's: another process has taken the case over.
    """
    said = {"of_case": case_id, "of_token": token, "boot_s": Instant.now().at_s}
    beat = _renewal(is_shared(connection))
    if not connection.execute(beat, said | clock_parameters(connection)).rowcount:
        raise CaseConflict(_lost(case_id, token, find(connection, case_id)))


def note_elapsed(connection: Connection, case_id: str, elapsed: Elapsed) -> None:
    """Keeps how long the case has taken by now."""
    connection.execute(_NOTE, {"of_case": case_id, "taken": text_json(elapsed.to_json())})


def elapsed(connection: Connection, case_id: str) -> Elapsed:
    """How long the case had taken when that was last noted."""
    lease = find(connection, case_id)
    noted = None if lease is None else lease["elapsed"]
    return Elapsed() if noted is None else Elapsed.model_validate(json.loads(noted))


def check_not_stale(connection: Connection, case_id: str, token: int | None) -> None:
    """Lets the holder write, and those who never held the lease; raises `CaseConflict` on a stale token."""
    if token is not None or find(connection, case_id) is None:
        renew(connection, case_id, token)


def give_back(connection: Connection, case_id: str, token: int) -> None:
    """Frees the lease if it is still held with this token."""
    connection.execute(_GIVE_BACK, {"of_case": case_id, "of_token": token})


def idle_s(connection: Connection, case_id: str) -> float | None:
    """Seconds since anybody held the case's lease or renewed it; None where nobody ever did."""
    lease = find(connection, case_id)
    return None if lease is None else _age_s(connection, lease)


@cache  # a statement is made once, and SQLAlchemy finds its SQL by it
def _insertion(shared: bool) -> Insert:
    return insert(leases).values(_beat(shared))


@cache
def _taking(shared: bool) -> Update:
    return update(leases).where(_OF_CASE).values(_beat(shared))


@cache
def _renewal(shared: bool) -> Update:
    return update(leases).where(_OF_CASE, _OF_TOKEN, leases.c.held).values(_beat(shared))


def _beat(shared: bool) -> dict[str, Any]:
    return {"beat_boot_s": bindparam("boot_s"), "beat_at": clock(shared)}


def _left_s(connection: Connection, lease: RowMapping, leases_long: float) -> float:
    """Seconds until the lease is over."""
    return float(lease["lease_s"] * leases_long - _age_s(connection, lease))


def _age_s(connection: Connection, lease: RowMapping) -> float:
    """Seconds since the last heartbeat. One from the future, by a clock that was set, is no better than one
    as far in the past."""
    age_s = Instant(lease["boot"], lease["beat_boot_s"]).age_s()
    return float(abs(database_time_s(connection) - lease["beat_at"]) if age_s is None else age_s)


def _busy(connection: Connection, case_id: str, lease: RowMapping) -> str:
    who = holder(lease)
    if who == this_process():
        return (
            f"case {case_id!r} is being run by this process (pid {who.pid}) on this host: "
            "wait for it, or stop it and try again"
        )
    if who.alive() is None:
        left_s = max(_left_s(connection, lease, 1.0), 0.0)
        return (
            f"case {case_id!r} is being run by process {who.pid} on {who.host}, which cannot be seen from "
            f"here: wait for it, or stop it and try again in {left_s:.0f} s"
        )
    return (
        f"case {case_id!r} is being run by process {who.pid} on this host: "
        "wait for it, or stop it and try again"
    )


def _lost(case_id: str, token: int | None, lease: RowMapping | None) -> str:
    if lease is None:
        return f"there is no case {case_id!r} to write to: open it first"
    if token is None:
        return f"case {case_id!r} is not open here: open it before writing to it"
    if lease["token"] == token:
        return f"case {case_id!r} is closed: open it again before writing to it"
    return (
        f"case {case_id!r} was taken over by process {lease['pid']} on {lease['host']} "
        f"(token {lease['token']}, ours {token}): nothing more is written here"
    )
