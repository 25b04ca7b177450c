"""Durations that no setting of the clock moves, and who a process is.

The time of day jumps when somebody, or NTP, sets it; psutil's `create_time` jumps with it. What is counted
from the machine's boot does not (clock_gettime(2), CLOCK_BOOTTIME; proc_pid_stat(5), field 22). Both mean
something on one boot only, and in one time namespace (time_namespaces(7)), so these travel with them.
"""

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_STATE, _STARTED = 0, 19
"""Fields 3 and 22 of /proc/PID/stat, counted after the command's name, which may hold anything."""


def boottime_s() -> float:
    """Seconds since this machine's boot, time asleep included; nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@lru_cache(maxsize=1)
def kernel() -> str:
    """The kernel's random id of its boot: that of every container on the machine, and of no other machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@lru_cache(maxsize=1)
def boot() -> str:
    """What `boottime_s` counts from: the boot of the kernel, and the time namespace."""
    return f"{kernel()}/{_namespace('time')}"


@dataclass(frozen=True)
class Instant:
    """A moment that any process on the same boot can tell the age of.

    Attributes:
        boot: see `boot`.
        at_s: seconds since it.
    """

    boot: str
    at_s: float

    @classmethod
    def now(cls) -> "Instant":
        return cls(boot(), boottime_s())

    def age_s(self) -> float | None:
        """Seconds since then; None when it was on another boot or machine, so that nobody here can say."""
        return boottime_s() - self.at_s if self.boot == boot() else None


@dataclass(frozen=True)
class ProcessIdentity:
    """Names one process for good: its id may be given away again, and means another one elsewhere.

    Attributes:
        host: for people; two containers may have the same.
        boot: see `boot`.
        namespace: of the process id (pid_namespaces(7)), by its inode.
        pid: its id there.
        started: clock ticks from boot to its start.
    """

    host: str
    boot: str
    namespace: int
    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Names a process that lives in this one's namespace; raises `ProcessLookupError` on none."""
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(f"no process {pid} lives here")
        return cls(socket.gethostname(), boot(), _namespace("pid"), pid, started)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ProcessIdentity":
        return cls(**{name: data[name] for name in cls.__annotations__})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def alive(self) -> bool | None:
        """Whether this very process lives; None when it cannot be seen from here."""
        if (self.boot, self.namespace) != (boot(), _namespace("pid")):
            return None
        return _started(self.pid) == self.started


@lru_cache(maxsize=1)
def _me(pid: int) -> ProcessIdentity:
    return ProcessIdentity.of(pid)


def this_process() -> ProcessIdentity:
    """The calling process."""
    return _me(os.getpid())


def _namespace(kind: str) -> int:
    try:
        return os.stat(f"/proc/self/ns/{kind}").st_ino
    except FileNotFoundError:  # a kernel without namespaces of this kind
        return 0


def _started(pid: int) -> int | None:
    """Clock ticks from boot to the start of a process; None when there is none, or only its remains."""
    try:
        if os.readlink("/proc/self") != str(os.getpid()):  # /proc shows another namespace: the id must do
            os.kill(pid, 0)
            return 0
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[_STATE] in (b"Z", b"X") else int(fields[_STARTED])
