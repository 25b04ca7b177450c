"""The routing rule over a record with gaps: what `escalation.policy.router.decide` would have chosen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from escalation.model.attempt import AttemptStatus
from escalation.model.decision import Action
from escalation.policy.backtest.known import KnownFacts
from escalation.policy.backtest.past_case import Json
from escalation.policy.backtest.plans import PRICED, FamilyPlan, Rules, RungPlan
from escalation.policy.backtest.trilean import Find


class Course(NamedTuple):
    """What a decision does: the part of it that has consequences."""

    action: str
    tier: str | None = None
    method: str | None = None
    backend: str | None = None
    held: bool = False

    def __str__(self) -> str:
        if self.method is None:
            return self.action
        held = ", held for a person" if self.held else ""
        return f"{self.action} {self.tier}/{self.method} on {self.backend}{held}"


class Situation(NamedTuple):
    """What a decision is about, beside policy and facts.

    Attributes:
        target: of the problem, as JSON.
        attempts: made before it, as JSON.
        exhausted: whether the budget is used up; None where the record cannot tell.
        was_exhausted: whether that of the policy that it was made under was.
        usd_capped: whether money has a limit.
        then: by tier and method, the backends that the policy that it was made under looked at.
        chosen: by tier and method, those that it preferred, of the rungs that were looked at.
        before: by tier and method, the rungs of that policy.
        taken: the rung that was taken then, by tier and method; None where none was.
    """

    target: Json
    attempts: Sequence[Json]
    exhausted: bool | None
    was_exhausted: bool
    usd_capped: bool
    then: Mapping[tuple[str, str], str]
    chosen: Mapping[tuple[str, str], str]
    before: Mapping[tuple[str, str], RungPlan]
    taken: tuple[str, str] | None

    def placed(self, facts: KnownFacts, rung: RungPlan) -> RungPlan | None:
        """The rung on the device that the policy prefers; None where the record cannot tell which that is.

        It tells where the same devices were compared by the same rules, whose numbers it does not have.
        """
        if not rung.among:
            return rung
        if rung.key in self.chosen and self.before.get(rung.key) == rung:
            return rung.on(self.chosen[rung.key])
        facts.missing.add(f"{rung.subject}: which of its devices would be preferred")
        return None

    def find(self, facts: KnownFacts, rung: RungPlan) -> Find:
        """The facts of a rung."""
        return facts.of(rung.subject, same_backend=self.then.get(rung.key) == rung.rung.backend)


def course_of(decision: Json) -> Course:
    """What a recorded decision did."""
    return Course(
        decision["action"],
        decision["tier"],
        decision["method"],
        decision["backend"],
        held=bool(decision["asks"]),
    )


def route(plan: FamilyPlan, situation: Situation, facts: KnownFacts) -> Course | None:
    """What the policy decides; None where the record cannot tell, for want of `facts.missing`."""
    last = situation.attempts[-1] if situation.attempts else None
    end = Course(Action.ABSTAIN if situation.attempts else Action.REFUSE)
    if last is not None:
        if out_of_reach(last, situation.target):
            return end
        accepted = acceptable(plan, situation, facts) if last["status"] == AttemptStatus.CERTIFIED else False
        if accepted is None:
            return None
        if accepted:
            return Course(Action.ACCEPT, last["tier"], last["method"], last["backend"])
    if situation.exhausted:
        return end
    course = _next(plan, situation, facts)
    if course is None or (course.action == Action.ATTEMPT and situation.exhausted is None):
        return None
    return course if course.action == Action.ATTEMPT else end


def may_stay(plan: FamilyPlan, situation: Situation, facts: KnownFacts, was: Course) -> bool:
    """Whether the policy can still decide as was decided, where `route` cannot tell what it decides.

    Where it cannot, the decision changes for certain, to what is not to be told.
    """
    if was.action == Action.ACCEPT:
        return acceptable(plan, situation, facts) is not False
    for stated in _untried(plan, situation):
        rung = situation.placed(facts, stated)
        if was.action == Action.ATTEMPT and stated.key == (was.tier, was.method):
            return _may_attempt(situation, facts, rung or stated.on(was.backend), was)
        if rung is not None and situation.exhausted is False and opened(situation, facts, rung):
            return False  # that one is attempted, or one before it
    return was.action == (Action.ABSTAIN if situation.attempts else Action.REFUSE)


def _may_attempt(situation: Situation, facts: KnownFacts, rung: RungPlan, was: Course) -> bool:
    if rung.rung.backend != was.backend or opened(situation, facts, rung) is False:
        return False
    find = situation.find(facts, rung)
    quiet = _all(rung.asks, find, facts)
    return quiet is None or quiet is not was.held


def out_of_reach(attempt: Json, target: Json) -> bool:
    """Whether the verifier proved that no answer reaches the target."""
    certificate = attempt["certificate"]
    best = certificate["best_possible"] if certificate else None
    if best is None or attempt["status"] != AttemptStatus.NOT_CERTIFIED:
        return False
    if target["at_least"] is not None:
        return bool(best < target["at_least"])
    return bool(best > target["at_most"])


def acceptable(plan: FamilyPlan, situation: Situation, facts: KnownFacts) -> bool | None:
    """Whether the policy accepts the last attempt's certified answer."""
    last = situation.attempts[-1]
    rules = plan.acceptance[last["tier"]]
    if not rules:
        return True
    key = last["tier"], last["method"]
    find = facts.of("/".join(key), same_backend=situation.then.get(key) == last["backend"])
    return _all(rules, find, facts)


def opened(situation: Situation, facts: KnownFacts, rung: RungPlan) -> bool | None:
    """Whether a rung's gates are open."""
    find = situation.find(facts, rung)
    found = _all(rung.gates, find, facts)
    if found is False or not situation.usd_capped:
        return found
    paid = _affordable(situation, facts, rung)
    return False if paid is False else None if None in (found, paid) else True


def _affordable(situation: Situation, facts: KnownFacts, rung: RungPlan) -> bool | None:
    """Whether a rung passes the floor's price, which counts where its machine charges for nodes or cores."""
    before = set(facts.missing)
    fits = PRICED.met(situation.find(facts, rung))
    if fits:
        return True
    facts.missing = before
    free = situation.taken == rung.key and not facts.recorded(rung.subject, "quote.usd")
    if free or not rung.may_charge:
        return True
    facts.missing.add(f"{rung.subject}: whether its machine charged")
    return None


def _next(plan: FamilyPlan, situation: Situation, facts: KnownFacts) -> Course | None:
    for stated in _untried(plan, situation):
        rung = situation.placed(facts, stated)
        if rung is None:
            return None
        is_open = opened(situation, facts, rung)
        if is_open is None:
            return None
        if is_open:
            find = situation.find(facts, rung)
            quiet = _all(rung.asks, find, facts)
            if quiet is None:
                return None
            return Course(Action.ATTEMPT, *rung.key, rung.rung.backend, held=not quiet)
    return Course(Action.REFUSE)


def _untried(plan: FamilyPlan, situation: Situation) -> Iterator[RungPlan]:
    tried = [(attempt["tier"], attempt["method"]) for attempt in situation.attempts]
    return (rung for rung in plan.rungs if rung.key not in tried)


def _all(rules: Rules, find: Find, facts: KnownFacts) -> bool | None:
    """Kleene's conjunction; what was missing is forgotten where the rest settles it."""
    before, answer = frozenset(facts.missing), True
    for _, check in rules:
        each = check.met(find)
        if each is False:
            facts.missing = set(before)
            return False
        answer = answer and each is True
    return True if answer else None
