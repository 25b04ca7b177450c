"""Where the ladder stands when a decision is due, and the rungs that it has."""

from dataclasses import dataclass

from escalation.model.attempt import Attempt
from escalation.model.calibration import DeviceKind
from escalation.model.problem import Target, Tier


@dataclass(frozen=True)
class Rung:
    """A method in its tier on the backend that the policy gives its work.

    Attributes:
        among: where a policy prefers among several devices, the rung on each, in its order.
        fact: of which the least is best, or the most.
        most: whether it is the most.
    """

    tier: Tier
    method: str
    backend: str
    device_kind: DeviceKind
    among: tuple["Rung", ...] = ()
    fact: str = ""
    most: bool = False

    @property
    def key(self) -> tuple[Tier, str]:
        """What a ladder tries once, wherever that is."""
        return self.tier, self.method

    def on(self, backend: str) -> "Rung":
        """The rung on a device of those."""
        return next((each for each in self.among if each.backend == backend), self)

    def __str__(self) -> str:
        return f"{self.tier}/{self.method}"


@dataclass(frozen=True)
class LadderState:
    """Where the ladder stands when a decision is due.

    Attributes:
        number: of the decision, from 0.
        family: of the problem.
        target: to reach.
        rungs: all that the policy declares, in order.
        attempts: made so far, in order; each took one rung.
        exhausted: what is used up of the budget, None when nothing is.
    """

    number: int
    family: str
    target: Target
    rungs: tuple[Rung, ...]
    attempts: tuple[Attempt, ...] = ()
    exhausted: str | None = None

    @property
    def last(self) -> Attempt | None:
        """The attempt that was made last."""
        return self.attempts[-1] if self.attempts else None

    @property
    def left(self) -> tuple[Rung, ...]:
        """The rungs that were not tried yet."""
        tried = {(attempt.tier, attempt.method) for attempt in self.attempts}
        return tuple(rung for rung in self.rungs if (rung.tier, rung.method) not in tried)
