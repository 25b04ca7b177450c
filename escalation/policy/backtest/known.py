"""What a past decision can tell about facts under another policy."""

from collections.abc import Callable, Iterable
from typing import Any

from escalation.inputs.site import STRICT
from escalation.model.amounts import Caps
from escalation.policy.backtest.caps import CapsThen
from escalation.policy.backtest.past_case import Json, PastCase
from escalation.policy.backtest.trilean import UNTOLD, Find, Told
from escalation.policy.core_facts import CORE_FACTS, FOR_ALL_RUNGS, OF_RECORD
from escalation.ports.fact_providers import FactContext

_PROVIDERS = {each.spec.name: each for each in CORE_FACTS}
More = Callable[[str, str], Told]
"""From a rung and a name to a fact that is not on record, where it can still be had."""
_BUDGET = {f"budget.{name}_left": name for name in Caps()}


def nothing_more(subject: str, name: str) -> Told:
    """Of the past, nothing can be looked up any more."""
    return UNTOLD


class KnownFacts:
    """The facts of one decision, by rung and name; what was asked for and is not on record is noted.

    Attributes:
        missing: names asked for in vain, `tier/method: name` where they are about a rung.
    """

    def __init__(
        self,
        case: PastCase,
        number: int,
        recorded: Iterable[Json],
        caps: CapsThen,
        more: More = nothing_more,
    ) -> None:
        """Takes the facts as a decision of the case recorded them, `number` attempts having been made."""
        self._more = more
        self.missing: set[str] = set()
        self._case, self._number, self._caps = case, number, caps
        self._own: dict[tuple[str, str], Told] = {}
        self._shared: dict[str, Told] = {}
        for fact in recorded:
            name, value = fact["name"], fact["value"]
            self._own[fact["subject"], name] = value
            if name.startswith(FOR_ALL_RUNGS):
                self._shared[name] = value

    def of(self, subject: str, *, same_backend: bool) -> Find:
        """The lookup for a rung; on another backend than then, what was found of the rung counts no more."""

        def find(name: str) -> Told:
            value = self._value(subject, name, same_backend=same_backend)
            if value is UNTOLD:
                self.missing.add(name if name.startswith(FOR_ALL_RUNGS) else f"{subject}: {name}")
            return value

        return find

    def recorded(self, subject: str, name: str) -> bool:
        """Whether the decision looked the fact up for that rung."""
        return (subject, name) in self._own

    def _value(self, subject: str, name: str, *, same_backend: bool) -> Told:
        if not name.startswith(FOR_ALL_RUNGS):
            own = self._own.get((subject, name), UNTOLD) if same_backend else UNTOLD
            return self._more(subject, name) if own is UNTOLD else own
        found = self._shared.get(name, UNTOLD)
        if name in _BUDGET:
            return self._caps.left(_BUDGET[name], found)
        if found is UNTOLD and name in OF_RECORD:
            found = self._shared[name] = self._derived(name)
        return self._more(subject, name) if found is UNTOLD else found

    def _derived(self, name: str) -> Told:
        """What follows from the problem and the attempts, computed as it would have been then."""
        nothing: Any = None
        context = FactContext(
            problem=self._case.problem,
            budget=Caps(),
            view=nothing,
            method=None,
            backend=None,
            quote=None,
            attempts=self._case.tried(self._number),
            now=0.0,
            seed=0,
            site=STRICT,
        )
        return _PROVIDERS[name].evaluate(context).value
