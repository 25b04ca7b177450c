"""Who dies, and when."""

from dataclasses import dataclass
from enum import StrEnum


class Victim(StrEnum):
    """The process that is killed, or what is taken from all of them until somebody gives it back."""

    DRIVER = "driver"
    RANK = "MPI rank"
    LAUNCHER = "MPI launcher"
    WORKER = "worker process"
    DISK = "disk is full"
    STORE = "store is read-only"


@dataclass(frozen=True)
class KillPoint:
    """A moment in the life of a case.

    Attributes:
        call: `object.method` of what is watched.
        when: `before` or `after` it.
        nth: which of its calls, from 1.
        victim: who is killed then.
    """

    call: str
    when: str
    nth: int = 1
    victim: Victim = Victim.DRIVER

    @property
    def name(self) -> str:
        """In tables."""
        return f"{self.victim}, {self.when} {self.call} {self.nth}"

    @property
    def mends(self) -> bool:
        """Whether somebody has to mend the machine before the case can go on."""
        return self.victim in (Victim.DISK, Victim.STORE)

    @property
    def tracked(self) -> bool:
        """Whether MLflow takes part."""
        return self.call.startswith("mlflow.")


def _both(call: str, *numbers: int) -> tuple[KillPoint, ...]:
    return tuple(KillPoint(call, when, nth) for nth in numbers for when in ("before", "after"))


_TAKEN = (
    ("ledger.open_case", "before"),
    ("ledger.add_decision", "after"),
    ("ledger.intend", "before"),
    ("ledger.submitted", "after"),
    ("ledger.settle", "before"),
    ("ledger.add_attempt", "before"),
    ("ledger.close_case", "before"),
)
POINTS: tuple[KillPoint, ...] = (
    *_both("ledger.open_case", 1),
    *_both("ledger.add_decision", 1, 2, 3),
    *_both("ledger.intend", 1, 3),
    *_both("ledger.submitted", 1),
    KillPoint("ledger.submitted", "after", 3),
    *_both("ledger.settle", 1, 3),
    *_both("ledger.add_attempt", 1, 2),
    *_both("ledger.close_case", 1),
    KillPoint("ledger.submitted", "after", 1, Victim.RANK),
    KillPoint("ledger.submitted", "after", 1, Victim.LAUNCHER),
    KillPoint("ledger.submitted", "after", 2, Victim.WORKER),
    KillPoint("ledger.submitted", "after", 3, Victim.WORKER),
    *(KillPoint(call, when, 1, Victim.DISK) for call, when in _TAKEN),
    *(KillPoint(call, when, 1, Victim.STORE) for call, when in _TAKEN),
    KillPoint("mlflow.create_run", "before"),
    KillPoint("mlflow.create_run", "after"),
    KillPoint("mlflow.log_batch", "after"),
    KillPoint("mlflow.create_run", "after", 2),
    KillPoint("mlflow.log_batch", "before", 3),
    KillPoint("mlflow.set_terminated", "before"),
    KillPoint("mlflow.set_terminated", "after"),
    KillPoint("mlflow.set_terminated", "after", 2),
)
"""In the order of a life, a kind of victim after the other; the work of the ai tier is two pieces at once."""
TURNS = 12
"""Turns of the tests in which they play every point."""


def turn(number: int) -> list[KillPoint]:
    """What the tests play at a time: a part of the points, of those in which MLflow takes part one.

    After `TURNS` turns all of them were played.
    """
    tracked = [point for point in POINTS if point.tracked]
    others = [point for point in POINTS if not point.tracked]
    return [*others[number % TURNS :: TURNS], tracked[number % len(tracked)]]
