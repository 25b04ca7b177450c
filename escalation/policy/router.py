"""The routing rule: facts and a policy in, a decision out. It runs nothing and asks nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.decision import (
    Action,
    Alternative,
    Closed,
    Considered,
    Decision,
    Miss,
)
from escalation.model.facts import CostClass, Fact
from escalation.model.identity import digest_json
from escalation.policy.checks import known_facts
from escalation.policy.conditions import Lookup, misses
from escalation.policy.devices import chosen, preference_words, preferred
from escalation.policy.flips import gates_flip, nearest, target_flip, value_flip
from escalation.policy.floor import APPROVAL, PRICE
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.looking import Look, closed_by, closed_by_floor, look_at
from escalation.policy.rules import Policy
from escalation.text.rounding import at_best, at_worst


@dataclass
class Notebook:
    """Facts as they are looked up, each once; what a decision saw."""

    find: Callable[[Rung | None, str], Fact]
    seen: dict[tuple[str, str], Fact] = field(default_factory=dict)

    def of(self, rung: Rung | None) -> Lookup:
        """Returns the lookup for one rung."""
        subject = str(rung) if rung else ""

        def lookup(name: str) -> Fact:
            key = (subject, name)
            if key not in self.seen:
                self.seen[key] = self.find(rung, name).model_copy(update={"subject": subject})
            return self.seen[key]

        return lookup


def decide(
    policy: Policy,
    state: LadderState,
    find: Callable[[Rung | None, str], Fact],
    priced: Callable[[Rung], bool] = lambda rung: False,
    considered: Sequence[Considered] | None = None,
) -> Decision:
    """Decides the next hop; a pure function of policy, state and facts.

    Facts are looked up only where a rung that is still in question needs them, cheap ones first. Where a rung
    is on hardware the floor's rules count before and beside the policy's; where it is `priced`, on a machine
    whose nodes or cores cost money of which the budget has a limit, the floor's price counts after them.
    Where the devices of a rung were `considered` before, none is looked at again but the one that is
    preferred by what was found of them.
    """
    notebook = Notebook(find)
    decision = _after_attempt(policy, state, notebook)
    if decision is None:
        decision = _next_rung(policy, state, _Looking(policy, state, notebook, priced, considered))
    facts = tuple(notebook.seen[key] for key in sorted(notebook.seen))
    return decision.model_copy(
        update={
            "facts": facts,
            "facts_hash": digest_json([fact.to_json() for fact in facts]),
            "policy_hash": policy.digest,
        }
    )


def _after_attempt(policy: Policy, state: LadderState, notebook: Notebook) -> Decision | None:
    """Accepts on account of the last attempt, or ends; None goes on to the next rung."""
    last = state.last
    if last is None:
        return None
    if last.status is AttemptStatus.NOT_CERTIFIED and (ended := _out_of_reach(state, last)):
        return ended
    if last.status is not AttemptStatus.CERTIFIED or _unacceptable(policy, state, notebook):
        return None
    rules = [rule for rule in policy.acceptance if rule.tier is last.tier]
    because = "The certificate reaches the target" + "".join(f"; {rule.id}: {rule.because}" for rule in rules)
    return Decision(
        number=state.number,
        action=Action.ACCEPT,
        tier=last.tier,
        method=last.method,
        backend=last.backend,
        rule="certified",
        because=because,
        open_tiers=(last.tier,),
        alternatives=tuple(
            Alternative(tier=r.tier, method=r.method, because="not considered: an answer was accepted before")
            for r in state.left
        ),
        nearest_flip=target_flip(state, "would have gone on to the next step", reached=True),
    )


def _out_of_reach(state: LadderState, last: Attempt) -> Decision | None:
    """Ends where the verifier proved that no answer reaches the target: no rung could change that."""
    best = last.certificate.best_possible if last.certificate else None
    if best is None or state.target.reached_by(best):
        return None
    limit = state.target.limit
    proven, aim = ("at most", "at least") if state.target.at_least is not None else ("at least", "at most")
    miss = Miss(
        fact="attempt.best_possible",
        value=best,
        comparison=aim.replace(" ", "_"),
        limit=limit,
        margin=best - limit,
    )
    return Decision(
        number=state.number,
        action=Action.ABSTAIN,
        rule="out of reach",
        because=f"No answer can reach it: proven {proven} {best:.10g}, target {aim} {limit:.10g}",
        alternatives=tuple(
            Alternative(tier=r.tier, method=r.method, because="not considered: no answer reaches the target")
            for r in state.left
        ),
        nearest_flip=value_flip(miss, "would have gone on", at_best(best, state.target)),
    )


def _unacceptable(policy: Policy, state: LadderState, notebook: Notebook) -> tuple[Closed, ...]:
    """The acceptance rules that the last attempt's certified answer does not meet."""
    last = state.last
    assert last is not None
    found = []
    for rule in policy.acceptance:
        if rule.tier is last.tier:
            missed = misses(rule.when, notebook.of(_rung_of(state, last)))
            if missed:
                found.append(Closed(gate=rule.id, tier=rule.tier, because=rule.because, misses=missed))
    return tuple(found)


def _rung_of(state: LadderState, attempt: Attempt) -> Rung:
    return next(r for r in state.rungs if r.key == (attempt.tier, attempt.method)).on(attempt.backend)


@dataclass
class _Looking:
    """Looks at rungs, on the devices that the policy prefers."""

    policy: Policy
    state: LadderState
    notebook: Notebook
    priced: Callable[[Rung], bool]
    before: Sequence[Considered] | None
    considered: list[Considered] = field(default_factory=list)

    def at(self, rung: Rung) -> Look:
        """The rung as its gates have it; what is compared on the way is noted."""
        if not rung.among:
            return self._on(rung, self.notebook)
        found = [each for each in self.before or () if (each.tier, each.method) == rung.key]
        notebooks = {device.backend: Notebook(self.notebook.find) for device in rung.among}
        if not found:
            found = [self._compared(rung, device, notebooks[device.backend]) for device in rung.among]
        best = preferred(found, rung.backend)
        self.considered += chosen(found, best)
        self.notebook.seen |= notebooks[best].seen
        look = self._on(rung.on(best), self.notebook)
        if look.open:
            self.notebook.of(look.rung)(rung.fact)  # what it was preferred by is among the decision's facts
        return look

    def _on(self, rung: Rung, notebook: Notebook) -> Look:
        look = look_at(self.policy, self.state.family, rung, notebook.of(rung))
        if look.open and self.priced(rung):
            look = replace(look, closed=closed_by(rung, (PRICE,), notebook.of(rung)))
        return look

    def _compared(self, rung: Rung, device: Rung, own: Notebook) -> Considered:
        look = self._on(device, own)
        fact = own.of(device)(rung.fact) if look.open else None
        value = fact.value if fact else None
        return Considered(
            tier=device.tier,
            method=device.method,
            backend=device.backend,
            closed=tuple(closed.gate for closed in look.closed),
            fact=rung.fact,
            value=None if value is None else float(value),
            unit=known_facts()[rung.fact].unit,
            most=rung.most,
            chosen=False,
        )


def _next_rung(policy: Policy, state: LadderState, looking: _Looking) -> Decision:
    looks, found = [], None
    for rung in state.left if state.exhausted is None else ():
        looks.append(looking.at(rung))
        if looks[-1].open:
            found = _take(policy, state, looks[-1], tuple(looks), looking)
            break
    decision = found or _give_up(policy, state, tuple(looks), looking.notebook)
    return decision.model_copy(update={"considered": tuple(looking.considered)})


def _take(
    policy: Policy, state: LadderState, look: Look, looks: tuple[Look, ...], looking: _Looking
) -> Decision:
    rung, notebook = look.rung, looking.notebook
    asks = list(closed_by_floor(rung, (APPROVAL,), notebook.of(rung)))
    for rule in policy.approvals:
        if rule.tier is rung.tier:
            missed = misses(rule.unless, notebook.of(rung))
            if missed:
                asks.append(Closed(gate=rule.id, tier=rung.tier, because=rule.because, misses=missed))
    closed_before = tuple(closed for other in looks for closed in other.closed)
    later = tuple(
        Alternative(tier=r.tier, method=r.method, because="later in the order")
        for r in state.left
        if r.key not in [other.rung.key for other in looks]
    )
    return Decision(
        number=state.number,
        action=Action.ATTEMPT,
        tier=rung.tier,
        method=rung.method,
        backend=rung.backend,
        rule="order",
        because="; ".join([_why_now(policy, state, rung, notebook), *_preference(rung, looking.considered)]),
        closed=closed_before,
        waived=look.waived,
        asks=tuple(asks),
        open_tiers=(rung.tier,),
        alternatives=(*_passed_over(looks), *later),
        nearest_flip=gates_flip(asks[0].misses, "would have gone ahead without asking")
        if asks
        else target_flip(state, "would have been accepted before", reached=False),
    )


def _preference(rung: Rung, considered: Sequence[Considered]) -> list[str]:
    found = [each for each in considered if (each.tier, each.method) == rung.key]
    return [preference_words(found)] if found else []


def _why_now(policy: Policy, state: LadderState, rung: Rung, notebook: Notebook) -> str:
    last = state.last
    if last is None:
        return f"{rung.tier} is the first tier whose conditions are met"
    if last.status is AttemptStatus.FAILED:
        said = f"{last.failure}. It gave no answer, which is not to fall short"
        return f"{said}; {rung.tier} is the next tier whose conditions are met"
    certificate = last.certificate
    assert certificate is not None
    if last.status is AttemptStatus.CERTIFIED:
        rule = _unacceptable(policy, state, notebook)[0]
        return f"{last.tier}/{last.method} is certified but not accepted by {rule.gate}: {rule.because}"
    said = f"{certificate.status}"
    if certificate.value is not None:
        value = at_worst(certificate.value, state.target)
        said += f" at {value}, the target is {state.target.limit_in_words}"
    return f"{last.tier}/{last.method} ended {said}; {rung.tier} is the next tier whose conditions are met"


def _give_up(policy: Policy, state: LadderState, looks: tuple[Look, ...], notebook: Notebook) -> Decision:
    action = Action.ABSTAIN if state.attempts else Action.REFUSE
    closed = tuple(closed for look in looks for closed in look.closed)
    last = state.last
    if last is not None and last.status is AttemptStatus.CERTIFIED:
        closed = (*_unacceptable(policy, state, notebook), *closed)
    if state.exhausted:
        rule, because = "budget", f"{_USED_UP}{state.exhausted}"
    elif closed:
        gates = ", ".join(dict.fromkeys(each.gate for each in closed))
        rule, because = closed[0].gate, f"No step is left whose conditions are met; not met: {gates}"
    else:
        rule, because = "order", "Every step was tried, and none reached the target with its certificate"
    failures = [attempt.failure for attempt in state.attempts if attempt.failure]
    if failures:  # they gave no answer, which is not to fall short
        because += "; " + "; ".join(failures)
    return Decision(
        number=state.number,
        action=action,
        rule=rule,
        because=because,
        closed=closed,
        waived=tuple(waived for look in looks for waived in look.waived),
        alternatives=_passed_over(looks),
        nearest_flip=nearest(looks) or target_flip(state, "would have been accepted", reached=False),
    )


_USED_UP = "The budget is used up: "


def used_up(decision: Decision) -> str | None:
    """What of the budget a decision found used up; None where nothing was."""
    if decision.rule != "budget" or not decision.because.startswith(_USED_UP):
        return None
    return decision.because.removeprefix(_USED_UP).partition(";")[0]


def _passed_over(looks: Sequence[Look]) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(
            tier=look.rung.tier,
            method=look.rung.method,
            because="conditions not met: " + ", ".join(closed.gate for closed in look.closed),
        )
        for look in looks
        if look.closed
    )


def unknown(name: str, note: str = "not provided", cost: CostClass = CostClass.FREE) -> Fact:
    """A fact that nobody knows."""
    return Fact(name=name, value=None, cost=cost, provider="none", note=note)
