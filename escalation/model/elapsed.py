"""How long a case has taken, and what took it: all that its user waits for, by a clock nobody can set."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import Field

from escalation.model.clock import boottime_s
from escalation.model.frozen import Frozen

Part = Literal["attempts_s", "facts_s"]
NOTE_S = 1.0
"""Seconds of a case that a process which dies may fail to note: less than a write a step would take."""


class Elapsed(Frozen):
    """Seconds of elapsed time of a case, from the beginning of its preparation to the end of its records.

    Of a case that was taken up again, the seconds of all its stretches: each counts as far as its process
    came to note it: within a second after a step, and at every heartbeat. What lies between them (a person is
    asked, a job waits at a service, nobody runs the case) does not count.
    """

    wall_s: float = Field(
        0.0,
        description="From its preparation to its records, without the time in which nobody ran it.",
    )
    attempts_s: float = Field(0.0, description="Of these, work and its verification.")
    facts_s: float = Field(0.0, description="Of these, facts and decisions.")

    @property
    def rest_s(self) -> float:
        """Preparation, report and ledger; MLflow is not waited for."""
        return max(0.0, self.wall_s - self.attempts_s - self.facts_s)

    def shares(self) -> str:
        """`attempts 15.9 s, facts 6.1 s, the rest 3.0 s`."""
        parts = (("attempts", self.attempts_s), ("facts", self.facts_s), ("the rest", self.rest_s))
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts)


class Stopwatch:
    """Counts the seconds of one stretch of a case on top of those of earlier stretches."""

    def __init__(self, begun_s: float, before: Elapsed) -> None:
        """Goes on from `before`; `begun_s` is when the stretch began, by `boottime_s`."""
        self._begun_s, self._before = begun_s, before
        self._parts: dict[Part, float] = {"attempts_s": before.attempts_s, "facts_s": before.facts_s}
        self._running: tuple[Part, float] | None = None
        self._noted_s = begun_s

    @contextmanager
    def part(self, name: Part) -> Iterator[None]:
        """Counts the block as that part; parts follow each other."""
        started_s = boottime_s()
        self._running = name, started_s
        try:
            yield
        finally:
            self._running = None
            self._parts[name] += boottime_s() - started_s

    def due(self) -> bool:
        """Whether the time is to be noted after a step: it was not for a second. Says so once."""
        now_s = boottime_s()
        due = now_s - self._noted_s >= NOTE_S
        if due:
            self._noted_s = now_s
        return due

    def read(self) -> Elapsed:
        """The time until now."""
        now_s, parts, running = boottime_s(), dict(self._parts), self._running
        if running is not None:
            parts[running[0]] += now_s - running[1]
        return Elapsed(wall_s=self._before.wall_s + now_s - self._begun_s, **parts)
