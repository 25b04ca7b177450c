"""Facts of a decision that is made again: computed where the record holds all they rest on, else as recorded.

Which of the two, nobody declares: a provider is shown what follows from problem, data, policy and attempts,
and what it looks at beyond that (the machine, its quote, the clock, what the site allows, the budget by the
time elapsed and by other cases) was measured on that day, and cannot be had again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from escalation.engine.case import Case
from escalation.model.calibration import DeviceKind
from escalation.model.decision import Action, Decision
from escalation.model.errors import TierwiseError
from escalation.model.facts import Fact
from escalation.model.quote import Quote
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.router import unknown
from escalation.ports.fact_providers import FactContext, FactProvider

_MEASURED = frozenset(each.name for each in fields(FactContext))


class _Place:
    """The machine of a rung, as far as the policy names it; whatever else it is asked was measured."""

    def __init__(self, kind: DeviceKind, context: "_OfRecord") -> None:
        self.kind, self._context = kind, context

    def __getattr__(self, name: str) -> Any:
        raise self._context.beyond(f"backend.{name}")


class _OfRecord:
    """The part of a `FactContext` that follows from the record; notes what is looked at beyond it."""

    def __init__(self, case: Case, state: LadderState, rung: Rung | None, quote: Quote | None) -> None:
        self.problem, self.view, self.attempts = case.problem, case.view, state.attempts
        self.method = case.method(rung.method) if rung else None
        self.seed = case.seed(len(state.attempts), rung.method) if rung else 0
        self.backend = _Place(rung.device_kind, self) if rung else None
        self.measured = False
        if rung is None or quote is not None:
            self.quote = quote

    def beyond(self, name: str) -> TierwiseError:
        self.measured = True
        return TierwiseError(f"{name} was measured")

    def __getattr__(self, name: str) -> Any:
        if name not in _MEASURED:
            raise AttributeError(name)
        raise self.beyond(name)


@dataclass
class RecordedFacts:
    """Finds the facts of one decision, as `escalation.policy.router.decide` asks for them.

    Attributes:
        case: opened again.
        state: of the ladder, as it was driven again.
        recorded: the decision of the record.
        again: how many were computed again.
        taken: names of those that were taken from the record.
    """

    case: Case
    state: LadderState
    recorded: Decision
    again: int = 0
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        providers = (*CORE_FACTS, *self.case.family.facts())
        self._providers: Mapping[str, FactProvider] = {each.spec.name: each for each in providers}
        self._known = {(fact.subject, fact.name): fact for fact in self.recorded.facts}

    def __call__(self, rung: Rung | None, name: str) -> Fact:
        provider = self._providers.get(name)
        if provider is None:
            return unknown(name, f"the family {self.case.family.name} has no such fact")
        context = _OfRecord(self.case, self.state, rung, self._quote(rung, name))
        fact = provider.evaluate(cast(FactContext, context))
        if not context.measured:
            self.again += 1
            return fact
        self.taken.add(name)
        found = self.known(rung, name)
        return unknown(name, "not in the record", provider.spec.cost) if found is None else found

    def known(self, rung: Rung | None, name: str) -> Fact | None:
        """The fact as it is recorded."""
        return self._known.get((str(rung) if rung else "", name))

    def _quote(self, rung: Rung | None, name: str) -> Quote | None:
        """The quote that the record has: that of the attempt that was decided on."""
        if rung is None or not name.startswith("quote.") or self.recorded.action is not Action.ATTEMPT:
            return None
        chosen = (self.recorded.tier, self.recorded.method) == (rung.tier, rung.method)
        return self.recorded.quote if chosen else None
