"""What differs between the rules of two policies: gates, acceptance, approvals, waivers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from escalation.model.problem import Tier
from escalation.policy.backtest.trilean import Check, Every, compiled
from escalation.policy.conditions import Condition, Threshold
from escalation.policy.differences.implication import Lean, implies, leaning, together
from escalation.policy.differences.wording import in_words, limit_in_words
from escalation.policy.rules import Acceptance, ApprovalRule, Gate, Policy

Rule = Gate | Acceptance | ApprovalRule


@dataclass(frozen=True)
class PolicyDifference:
    """One difference.

    Attributes:
        about: what differs: `condition fidelity`, `budget usd`.
        words: how.
        lean: which way; None where it decides nothing.
        tier: the tier that it is about; None where it is about all or none.
    """

    about: str
    words: str
    lean: Lean | None = None
    tier: Tier | None = None


@dataclass(frozen=True)
class _Kind:
    """A list of rules."""

    name: str
    rules: Callable[[Policy], Sequence[Rule]]
    gone: str
    new: str


_KINDS = (
    _Kind("condition", lambda policy: policy.gates, "nothing asks for it any more", "asks for"),
    _Kind("acceptance", lambda policy: policy.acceptance, "nothing asks for it any more", "asks for"),
    _Kind("approval", lambda policy: policy.approvals, "nobody is asked any more", "asks a person unless"),
)


def rule_differences(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    """Rules that are gone, new, or changed, in the order of the files."""
    for kind in _KINDS:
        before = {rule.id: rule for rule in kind.rules(old)}
        after = {rule.id: rule for rule in kind.rules(new)}
        renamed = dict(_renamed(before, after))
        for name, rule in before.items():
            if name in after:
                yield from _changed(kind, rule, after[name])
            elif name in renamed:
                yield PolicyDifference(f"{kind.name} {name}", f"is called {renamed[name]}")
            else:
                yield _gone(kind, rule, [each for each in after.values() if _covers(each, rule)])
        for name, rule in after.items():
            if name not in before and name not in renamed.values():
                yield _added(kind, rule, [each for each in before.values() if _covers(each, rule)])
    yield from _waivers(old, new)


def overall(old: Policy, new: Policy, families: Sequence[str]) -> dict[str, Lean]:
    """By tier, whether it opens less or more often, all gates together and what is waived left out."""
    found = {}
    for tier in (each for each in new.tiers if each in old.tiers):
        leans = {leaning(_gates(old, tier, name), _gates(new, tier, name)) for name in families}
        found[str(tier)] = together(leans)
    return found


def _gates(policy: Policy, tier: Tier, family: str) -> Check:
    gates = (gate for gate in policy.gates_of(tier, family) if gate.id not in policy.waived)
    return Every(tuple(compiled(gate.when) for gate in gates))


def _condition(rule: Rule) -> Condition:
    return rule.unless if isinstance(rule, ApprovalRule) else rule.when


def _families(rule: Rule) -> frozenset[str] | None:
    named = rule.families if isinstance(rule, Gate) else None
    return None if named is None else frozenset(named)


def _within(inner: Rule, outer: Rule) -> bool:
    """Whether every family that the one is about is one of the other's."""
    mine, others = _families(inner), _families(outer)
    return others is None or (mine is not None and mine <= others)


def _covers(one: Rule, other: Rule) -> bool:
    """Whether the one, where it stands, asks for at least what the other does."""
    if one.tier is not other.tier or not _within(other, one):
        return False
    return implies(compiled(_condition(one)), compiled(_condition(other)))


def _renamed(before: dict[str, Rule], after: dict[str, Rule]) -> Iterator[tuple[str, str]]:
    """Rules that are gone by one name and there by another, for the same tier and families."""
    free = [rule for name, rule in after.items() if name not in before]
    for name, rule in before.items():
        if name in after:
            continue
        same = [each for each in free if _covers(each, rule) and _covers(rule, each)]
        if same:
            free.remove(same[0])
            yield name, same[0].id


def _gone(kind: _Kind, rule: Rule, others: Sequence[Rule]) -> PolicyDifference:
    about, said = f"{kind.name} {rule.id}", f"{_scope(rule)}{in_words(_condition(rule))}"
    if others:
        return PolicyDifference(about, f"is gone, {said}: {others[0].id} asks for as much")
    return PolicyDifference(about, f"is gone, {said}: {kind.gone}", Lean.LOOSER, rule.tier)


def _added(kind: _Kind, rule: Rule, others: Sequence[Rule]) -> PolicyDifference:
    about, said = f"{kind.name} {rule.id}", f"{_scope(rule)}{in_words(_condition(rule))}"
    if others:
        return PolicyDifference(about, f"is new, and {others[0].id} asked for as much: {said}")
    return PolicyDifference(about, f"is new and {kind.new} {said}", Lean.STRICTER, rule.tier)


def _scope(rule: Rule) -> str:
    named = _families(rule)
    return "" if named is None else f"of {', '.join(sorted(named))}: "


def _changed(kind: _Kind, old: Rule, new: Rule) -> Iterator[PolicyDifference]:
    about = f"{kind.name} {old.id}"
    if old.tier is not new.tier:
        yield PolicyDifference(
            about, f"is about {new.tier}, no longer about {old.tier}", Lean.OTHERWISE, new.tier
        )
    lean = leaning(compiled(_condition(old)), compiled(_condition(new)))
    if lean is not Lean.SAME:
        yield PolicyDifference(about, _limits(_condition(old), _condition(new)), lean, new.tier)
    if _families(old) != _families(new):
        wider, narrower = _within(old, new), _within(new, old)
        lean = Lean.STRICTER if wider else Lean.LOOSER if narrower else Lean.OTHERWISE
        yield PolicyDifference(about, f"holds for {_named(new)}, before for {_named(old)}", lean, new.tier)
    if old.because != new.because:
        yield PolicyDifference(about, "gives another reason")


def _named(rule: Rule) -> str:
    named = _families(rule)
    return "all families" if named is None else ", ".join(sorted(named)) or "no family"


def _limits(old: Condition, new: Condition) -> str:
    if isinstance(old, Threshold) and isinstance(new, Threshold) and old.fact == new.fact:
        return f"{old.fact} {limit_in_words(old)} → {limit_in_words(new)}"
    return f"{in_words(old)} → {in_words(new)}"


def _waivers(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    guarded = {gate.id: gate.tier for gate in (*old.gates, *new.gates)}
    for name in old.waived:
        if name not in new.waived:
            yield PolicyDifference(
                f"condition {name}", "is required off hardware, too", Lean.STRICTER, guarded[name]
            )
        elif old.waived[name].because != new.waived[name].because:
            yield PolicyDifference(f"condition {name}", "is not required off hardware for another reason")
    for name in new.waived:
        if name not in old.waived:
            said = "is not required off hardware any more"
            yield PolicyDifference(f"condition {name}", said, Lean.LOOSER, guarded[name])
