"""Leases: which process runs a case, and whether it is still there.

A process believed dead cannot write: each taking of a lease raises its fencing token, and every write is
checked against it (Kleppmann, "How to do distributed locking", 2016).
"""

import os
import socket
import time
from dataclasses import dataclass
from functools import lru_cache

import psutil
from sqlalchemy import Connection, RowMapping, insert, select, update

from escalation.errors import CaseConflict
from records.schema import leases


@dataclass(frozen=True)
class Holder:
    """A process: host name, process id, and its start in seconds after the host's boot.

    The start tells a process from a later one of the same id. Counted from the boot, it does not move
    when the clock is set.
    """

    host: str
    pid: int
    started_s: float


def this_process() -> Holder:
    """The calling process."""
    return _process(os.getpid())


@lru_cache(maxsize=1)
def _process(pid: int) -> Holder:
    return Holder(socket.gethostname(), pid, _started_s(pid) or 0.0)


def _started_s(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time() - psutil.boot_time()
    except psutil.NoSuchProcess:
        return None


def find(connection: Connection, case_id: str) -> RowMapping | None:
    """The case's lease, held or given back."""
    query = select(leases).where(leases.c.case_id == case_id)
    return connection.execute(query).mappings().one_or_none()


def held(lease: RowMapping | None) -> bool:
    """Whether a living process holds the lease: on this host seen directly, on another by its heartbeat."""
    if lease is None or not lease["held"]:
        return False
    if lease["host"] != this_process().host:
        return bool(time.time() <= lease["beat_at"] + lease["lease_s"])
    return living(Holder(lease["host"], lease["pid"], lease["started_s"]))


def living(holder: Holder) -> bool:
    """Whether that very process is alive; False for every process of another host, which cannot be seen."""
    if holder.host != this_process().host:
        return False
    started_s = _started_s(holder.pid)
    return started_s is not None and abs(started_s - holder.started_s) < 1.0


def take(connection: Connection, case_id: str, lease_s: float) -> int:
    """Takes a lease that nobody holds; returns its fencing token.

    Raises:
        CaseConflict: when a living process holds it, named by its id.
    """
    lease = find(connection, case_id)
    if lease is not None and held(lease):
        raise CaseConflict(_busy(case_id, lease))
    me = this_process()
    values = {
        "token": 1 if lease is None else lease["token"] + 1,
        "held": True,
        "host": me.host,
        "pid": me.pid,
        "started_s": me.started_s,
        "beat_at": time.time(),
        "lease_s": lease_s,
    }
    if lease is None:
        connection.execute(insert(leases).values(case_id=case_id, **values))
    else:
        connection.execute(update(leases).where(leases.c.case_id == case_id).values(values))
    return int(values["token"])


def renew(connection: Connection, case_id: str, token: int | None) -> None:
    """Renews the lease, which is what every write does first.

    Raises:
        CaseConflict: when the token is not the lease's: another process has taken the case over.
    """
    mine = (leases.c.case_id == case_id) & (leases.c.token == token) & leases.c.held
    if not connection.execute(update(leases).where(mine).values(beat_at=time.time())).rowcount:
        raise CaseConflict(_lost(case_id, token, find(connection, case_id)))


def check_not_stale(connection: Connection, case_id: str, token: int | None) -> None:
    """Lets the holder write, and those who never held the lease; raises `CaseConflict` on a stale token."""
    if token is not None or find(connection, case_id) is None:
        renew(connection, case_id, token)


def give_back(connection: Connection, case_id: str, token: int) -> None:
    """Frees the lease if it is still held with this token."""
    mine = (leases.c.case_id == case_id) & (leases.c.token == token)
    connection.execute(update(leases).where(mine).values(held=False))


def _busy(case_id: str, lease: RowMapping) -> str:
    if lease["host"] != this_process().host:
        left = lease["beat_at"] + lease["lease_s"] - time.time()
        return (
            f"case {case_id!r} is being run by process {lease['pid']} on {lease['host']}: "
            f"wait for it, or stop it and try again in {max(left, 0.0):.0f} s"
        )
    what = "this process" if lease["pid"] == os.getpid() else f"process {lease['pid']}"
    return (
        f"case {case_id!r} is being run by {what} (pid {lease['pid']}) on this host: "
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
