"""What budgets come to under another policy's caps, as far as a record can tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from escalation.model.amounts import SLIVER
from escalation.model.metered import METERED
from escalation.policy.backtest.past_case import Json
from escalation.policy.backtest.plans import PlanPair
from escalation.policy.backtest.trilean import UNTOLD, Told

WALL = "wall_s"
_CHARGED = {each.name: each.charged for each in METERED}
Cap = float | None


@dataclass(frozen=True)
class ChangedCaps:
    """The caps of a case that differ between two policies, the problem's own counted in.

    Attributes:
        caps: by resource, the old and the new one.
        usd_capped: whether money has a cap under the new policy.
        wall_s: the most that the elapsed time can have been; None where that is not known.
    """

    caps: Mapping[str, tuple[Cap, Cap]]
    usd_capped: bool
    wall_s: Callable[[], float | None]

    @classmethod
    def between(
        cls, stated: Mapping[str, Cap], plans: PlanPair, wall_s: Callable[[], float | None]
    ) -> "ChangedCaps":
        """The caps that the change of policy changes for a problem with these of its own."""
        found = {}
        old, new = plans.old.policy.budget, plans.new.policy.budget
        for name in plans.caps:
            caps = _least(stated.get(name), old[name]), _least(stated.get(name), new[name])
            if caps[0] != caps[1]:
                found[name] = caps
        capped = stated.get("usd") is not None or new.usd is not None
        return cls(found, capped, wall_s)


class CapsThen(NamedTuple):
    """Changed caps at a decision.

    Attributes:
        changed: they.
        attempts: made before it, as JSON; their elapsed time is the least that had gone by.
        ended: whether the record says that the budget was used up.
    """

    changed: ChangedCaps
    attempts: Sequence[Json]
    ended: bool

    def left(self, name: str, recorded: Told) -> Told:
        """What was left of a resource, where the decision recorded `recorded` of it.

        A batch may have left the case less than its caps say, which shows only in what is recorded.
        """
        if name not in self.changed.caps or recorded is UNTOLD:
            return recorded
        if name == WALL:
            return UNTOLD  # what was spent of it by then is nowhere
        old, new = self.changed.caps[name]
        least = 0.0 if _CHARGED[name] else SLIVER
        own = None if new is None else max(new - self._spent(name), least)
        if recorded is None:
            return own
        if old is None or recorded != max(old - self._spent(name), least):
            return _least(own, float(recorded))  # the batch's share was the limit
        return own if new is not None and new <= old else UNTOLD

    def exhausted(self) -> bool | None:
        """Whether the budget is used up; None where the record cannot tell."""
        found = [self._used_up(name) for name in self.changed.caps if not _CHARGED[name]]
        if not found:
            return self.ended
        if True in found:
            return True
        return None if None in found or self.ended else False

    def _used_up(self, name: str) -> bool | None:
        old, new = self.changed.caps[name]
        if new is None:
            return False
        if self._spent(name) >= new:
            return True
        if name != WALL or (old is not None and old <= new and not self.ended):
            return False
        most = self.changed.wall_s()
        return False if most is not None and most < new else None

    def cut(self, attempt: Json) -> bool:
        """Whether the attempt would have met a new cap, or may have met an old one that is gone."""
        return any(self._cut(name, attempt) for name in self.changed.caps)

    def _cut(self, name: str, attempt: Json) -> bool:
        old, new = self.changed.caps[name]
        if new is None or (old is not None and old < new):
            return bool(attempt["status"] == "failed")
        if name == WALL:
            most = self.changed.wall_s()
            return most is None or most >= new
        used = attempt["cost"].get(name, 0.0)
        asked = attempt["quote"].get(name, 0.0) if _CHARGED[name] else used
        return asked is None or self._spent(name) + max(asked, used) > new

    def _spent(self, name: str) -> float:
        return float(sum(attempt["cost"].get(name, 0.0) for attempt in self.attempts))


def _least(one: Cap, other: Cap) -> Cap:
    return min((each for each in (one, other) if each is not None), default=None)
