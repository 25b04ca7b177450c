"""A batch's budget, shared among its cases: what a case may be charged is set aside before it begins."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from escalation.model.amounts import Amounts, Caps
from escalation.model.clock import boottime_s
from escalation.model.metered import CHARGED

LOOK_S = 0.5
"""Seconds between two looks whether to stop."""
Money = dict[str, Decimal]
"""By name of what is charged and capped; decimal, so that three times 0.1 fits into 0.3."""


@dataclass
class Allotments:
    """What the cases of a batch may use.

    Of what is charged, a case begins only with its whole own budget, at most the batch's; where less is left,
    it waits for those that run, whose rest comes back. What is not charged (time) is one pot: it ends running
    cases, and none begins once it is used up. Safe with several threads.

    Attributes:
        budget: of the whole batch.
        began_s: when the batch began, by `boottime_s`.
    """

    budget: Caps
    began_s: float = field(default_factory=boottime_s)
    _aside: dict[str, Money] = field(default_factory=dict)
    _total: Counter[str] = field(default_factory=Counter)
    _running: set[str] = field(default_factory=set)
    _used: Amounts = field(default_factory=Amounts)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def capped(self) -> tuple[str, ...]:
        """What is charged and has a cap."""
        return tuple(each.name for each in CHARGED if self.budget[each.name] is not None)

    def charged_before(self, case_id: str, charged: Amounts) -> None:
        """Counts what a case was charged in earlier runs."""
        with self._changed:
            self._set_aside(case_id, self._money(charged))

    def take(self, case_id: str, own: Caps, stopped: Callable[[], bool], *, may_spend: bool) -> Caps | str:
        """What the case may use, or why nothing: waits while others may still give some back.

        Args:
            case_id: of what is about to begin; each that was given something is ended by one `give_back`.
            own: the case's own budget.
            stopped: whether nothing is to begin any more.
            may_spend: whether it sends anything to where it is charged.
        """
        wanted = self._wanted(own) if may_spend else dict.fromkeys(self.capped, Decimal(0))
        with self._changed:
            while not stopped():
                used = self._used.but(wall_s=boottime_s() - self.began_s)
                if up := self.budget.used_up(used):
                    return f"the batch's budget is used up ({up}); run it again, with more"
                room = self._room(case_id)
                short = next((name for name, amount in wanted.items() if amount > room[name]), None)
                if short is None:
                    self._running.add(case_id)
                    self._set_aside(case_id, wanted)
                    return self.budget.left(used).but(**{name: float(wanted[name]) for name in wanted})
                if not self._running:
                    return _too_little(self.budget, short, wanted, room)
                self._changed.wait(LOOK_S)
        return "the batch was stopped"

    def give_back(self, case_id: str, used: Amounts, charged: Amounts | None) -> None:
        """Ends a case's use; of one that may still be charged (None) everything stays set aside."""
        with self._changed:
            self._running.discard(case_id)
            self._used += used.but(wall_s=0.0)
            if charged is not None:
                self._set_aside(case_id, self._money(charged))
            self._changed.notify_all()

    def _wanted(self, own: Caps) -> Money:
        """The case's own budget, at most the whole batch's: it is not to end worse because it came late."""
        wanted = own & self.budget
        return {name: Decimal(repr(wanted[name])) for name in self.capped}

    def _room(self, case_id: str) -> Money:
        mine = self._aside.get(case_id, {})
        caps = {name: Decimal(repr(self.budget[name])) for name in self.capped}
        return {name: cap - self._total[name] + mine.get(name, 0) for name, cap in caps.items()}

    def _money(self, amounts: Amounts) -> Money:
        return {name: Decimal(repr(amounts[name])) for name in self.capped}

    def _set_aside(self, case_id: str, money: Money) -> None:
        self._total.subtract(self._aside.get(case_id, {}))
        self._total.update(money)
        self._aside[case_id] = money


def _too_little(budget: Caps, name: str, wanted: Money, room: Money) -> str:
    resource = next(each for each in CHARGED if each.name == name)
    left, own = max(float(room[name]), 0.0), float(wanted[name])
    return (
        f"{resource.shown(left)} of the batch's {budget[name]:g} are left, and the case may use up to "
        f"{resource.shown(own)}: run the batch again with more, or state a smaller budget in the problem"
    )
