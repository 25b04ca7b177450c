"""Carries out `Decide`: looks facts and quotes up, decides, records; or returns what is recorded."""

from collections.abc import Mapping
from dataclasses import replace

from escalation.engine.case import Case
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.shadowing import shadow
from escalation.engine.steps import Decide
from escalation.inputs.site import Site
from escalation.model.decision import Action, Decision
from escalation.model.errors import Faulted, MachineFault, one_line
from escalation.model.facts import Fact
from escalation.model.quote import Quote
from escalation.policy import router
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.ladder_state import Rung
from escalation.policy.router import unknown
from escalation.ports.fact_providers import FactContext, FactProvider
from escalation.ports.machines import with_price
from escalation.ports.methods import irreproducible
from escalation.ports.simulators import simulable_log2


def decide(running: Running, step: Decide) -> Decision:
    """Makes the decision, or returns the one that is recorded; the listener is told of it.

    The quote that binds the attempt is part of the decision, so that a resumed case keeps it.
    """
    runtime, case = running.runtime, running.case
    number = step.state.number
    new = running.known.unrecorded("decision", number)
    decision = None if new else runtime.ledger.find_decision(case.case_id, number)
    if decision is None:
        step = _as_of_now(runtime, case, step)
        decision = _route(runtime, case, step)
        runtime.ledger.add_decision(case.case_id, decision)
        runtime.tracker.decided(case.case_id, decision)
        shadow(runtime, case, step, decision, _Finder(runtime, case, step, _Quotes(runtime, case)).at_no_cost)
    running.listener.decided(decision)
    return decision


def _route(runtime: Runtime, case: Case, step: Decide) -> Decision:
    """What the policy says, by facts as they are now."""
    quotes = _Quotes(runtime, case)

    def priced(rung: Rung) -> bool:
        return case.budget.usd is not None and runtime.charges(rung.backend)

    decision = router.decide(case.policy, step.state, _Finder(runtime, case, step, quotes), priced)
    if decision.action is not Action.ATTEMPT:
        return decision
    rung = _rung(step, decision)
    why = irreproducible(case.method(rung.method), runtime.backend(rung.backend))
    return decision.model_copy(update={"quote": quotes.of(rung) or Quote(), "irreproducible": why})


def _as_of_now(runtime: Runtime, case: Case, step: Decide) -> Decide:
    """The step with the elapsed time that the user has waited so far, which the wall budget limits.

    It differs from run to run; what is decided by it is recorded with the decision, and not looked at again.
    """
    elapsed = runtime.elapsed(case.case_id)
    if elapsed is None:
        return step
    spent = step.spent.but(wall_s=max(elapsed.wall_s, step.spent.wall_s))
    return Decide(replace(step.state, exhausted=case.budget.used_up(spent)), spent)


def _rung(step: Decide, decision: Decision) -> Rung:
    key = decision.tier, decision.method
    return next(rung for rung in step.state.rungs if rung.key == key).on(str(decision.backend))


LIMIT = "site.limit_usd"


class _Quotes:
    """Quotes by rung, each asked for once; None where a rung cannot be quoted."""

    def __init__(self, runtime: Runtime, case: Case) -> None:
        self.runtime, self.case = runtime, case
        self.known: dict[Rung, Quote | None] = {}
        self.errors: dict[Rung, str] = {}

    def of(self, rung: Rung) -> Quote | None:
        if rung not in self.known:
            try:
                backend = self.runtime.backend(rung.backend)
                quote = self.case.method(rung.method).quote(self.case.view, backend)
                self.known[rung] = with_price(quote, backend)
            except MachineFault as error:
                raise Faulted.of(f"{rung} could not be quoted", error, self.case.case_id) from error
            except Exception as error:  # what cannot be quoted is unknown, which closes gates
                self.known[rung] = None
                self.errors[rung] = f"no quote: {one_line(error, typed=False)}"
        return self.known[rung]


class _Finder:
    """Looks facts up for a decision."""

    def __init__(self, runtime: Runtime, case: Case, step: Decide, quotes: _Quotes) -> None:
        self.runtime, self.case, self.step, self.quotes = runtime, case, step, quotes
        self.now = runtime.clock()
        providers = (*CORE_FACTS, *case.family.facts())
        self.providers: Mapping[str, FactProvider] = {p.spec.name: p for p in providers}

    def __call__(self, rung: Rung | None, name: str) -> Fact:
        provider = self.providers.get(name)
        if provider is None:
            return unknown(name, f"the family {self.case.family.name} has no such fact")
        # The ledger's limits are read for the fact that is about them.
        limits = self.runtime.ledger.limits() if name == LIMIT else ()
        site = Site.of(self.runtime.settings, limits)
        fact = provider.evaluate(self._context(rung, site, needs_quote=name.startswith("quote.")))
        if fact.value is None and name.startswith("quote.") and rung in self.quotes.errors:
            return fact.model_copy(update={"note": self.quotes.errors[rung]})
        return fact

    def at_no_cost(self, rung: Rung, name: str) -> Fact:
        """A fact of the rung that is free and asks nothing of its machine, which is not opened for it."""
        site = Site.of(self.runtime.settings, self.runtime.ledger.limits() if name == LIMIT else ())
        return self.providers[name].evaluate(self._context(rung, site, needs_quote=False, opens=False))

    def _context(
        self, rung: Rung | None, site: Site, *, needs_quote: bool, opens: bool = True
    ) -> FactContext:
        case = self.case
        attempt = len(self.step.state.attempts)
        return FactContext(
            problem=case.problem,
            budget=case.budget.left(self.step.spent),
            view=case.view,
            method=case.method(rung.method) if rung else None,
            backend=self.runtime.backend(rung.backend) if rung and opens else None,
            quote=self.quotes.of(rung) if rung and needs_quote else None,
            attempts=self.step.state.attempts,
            now=self.now,
            seed=case.seed(attempt, rung.method) if rung else 0,
            site=site,
            simulable_log2=simulable_log2(self.runtime.settings),
            at_best=case.at_best,
        )
