"""What differs between two policies, `extends` and family gates resolved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from escalation.model.errors import TierwiseError
from escalation.model.metered import METERED
from escalation.model.problem import Tier
from escalation.policy.differences.implication import Lean
from escalation.policy.differences.rules import PolicyDifference, overall, rule_differences
from escalation.policy.floor import below
from escalation.policy.rules import Policy, Preference
from escalation.policy.rungs import rungs_of
from escalation.ports.methods import offered
from escalation.ports.registry import backend_descriptor, families, family


@dataclass(frozen=True)
class PolicyDiff:
    """What differs.

    Attributes:
        differences: each.
        overall: by tier that both try, whether it opens less or more often, all gates together.
    """

    differences: Sequence[PolicyDifference]
    overall: dict[str, Lean] = field(default_factory=dict)

    @property
    def deciding(self) -> Sequence[PolicyDifference]:
        """Those that can change a decision."""
        return [each for each in self.differences if each.lean is not None]


def policy_diff(old: Policy, new: Policy) -> PolicyDiff:
    """Compares two policies; a rule is the same where it means the same, however it is written."""
    found = (
        *_tiers(old, new),
        *_methods(old, new),
        *_shares(old, new),
        *_backends(old, new),
        *_preferences(old, new),
        *rule_differences(old, new),
        *_budget(old, new),
        *_submission(old, new),
        *_words(old, new),
    )
    return PolicyDiff(found, overall(old, new, (*families(), "")))


def _tiers(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for tier in Tier:
        if tier in old.tiers and tier not in new.tiers:
            yield PolicyDifference(f"tier {tier}", "is not tried any more", Lean.STRICTER, tier)
        if tier in new.tiers and tier not in old.tiers:
            yield PolicyDifference(f"tier {tier}", "is tried", Lean.LOOSER, tier)


def _methods(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for name in sorted({*old.methods, *new.methods} & set(families())):
        methods = family(name).methods()
        every, usual = [method.name for method in methods], [method.name for method in offered(methods)]
        before, after = (set(policy.methods.get(name, usual)) for policy in (old, new))
        for method in every:
            if method in before - after:
                yield PolicyDifference(f"method {name}/{method}", "is not tried any more", Lean.STRICTER)
            if method in after - before:
                yield PolicyDifference(f"method {name}/{method}", "is tried", Lean.LOOSER)


def _shares(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    """A case's α is divided by the number of its rungs, so certificates of all of them ask more or less."""
    for name in sorted(families()):
        before, after = _rungs(old, name), _rungs(new, name)
        if before != after and before and after:
            lean = Lean.STRICTER if after > before else Lean.LOOSER
            yield PolicyDifference(
                f"α of {name}", f"is shared among {after} steps of the ladder, before among {before}", lean
            )


def _rungs(policy: Policy, name: str) -> int:
    try:
        return len(rungs_of(policy, family(name)))
    except TierwiseError:  # it names no backend for the family's work: no case of it can be opened
        return 0


def _backends(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for kind in sorted({*old.backends, *new.backends}):
        before, after = old.backends.get(kind), new.backends.get(kind)
        if before != after:
            words = f"{_place(before)} → {_place(after)}"
            yield PolicyDifference(f"backend of {kind}", words, Lean.OTHERWISE)
    known = {rule.id for rule in below(old.places)}
    for rule in below(new.places):
        if rule.id not in known:
            yield PolicyDifference(
                rule.id, f"holds below every policy: {rule.because}", Lean.STRICTER, Tier.QUANTUM
            )


def _preferences(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for kind in sorted({*old.prefer, *new.prefer}):
        before, after = _preference(old.prefer.get(kind)), _preference(new.prefer.get(kind))
        if before != after:
            yield PolicyDifference(f"devices of {kind}", f"{before} → {after}", Lean.OTHERWISE)


def _preference(preference: Preference | None) -> str:
    if preference is None:
        return "the one under backends"
    which = "the least" if preference.least else "the most"
    return f"of {', '.join(preference.among)} the open one with {which} {preference.fact}"


def _place(spec: str | None) -> str:
    if spec is None:
        return "none"
    descriptor, device = backend_descriptor(spec)
    return f"{spec} ({descriptor.device_kind(device)})"


def _budget(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for each in METERED:
        before, after = old.budget[each.name], new.budget[each.name]
        if before != after:
            less = before is None or (after is not None and after < before)
            words = " → ".join("no cap" if cap is None else each.in_words(cap) for cap in (before, after))
            yield PolicyDifference(f"budget {each.name}", words, Lean.STRICTER if less else Lean.LOOSER)


def _submission(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    for name in type(old.submission).model_fields:
        before, after = getattr(old.submission, name), getattr(new.submission, name)
        if before == after:
            continue
        lean = Lean.OTHERWISE
        if name in ("max_fidelity_loss", "approval_h"):  # None is no limit
            less = before is None or (after is not None and after < before)
            lean = Lean.STRICTER if less else Lean.LOOSER
        yield PolicyDifference(f"submission {name}", f"{_said(before)} → {_said(after)}", lean)


def _said(value: object) -> str:
    return "no limit" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _words(old: Policy, new: Policy) -> Iterator[PolicyDifference]:
    if old.policy != new.policy:
        yield PolicyDifference("name", f"{old.policy} → {new.policy}")
    if old.summary != new.summary:
        yield PolicyDifference("summary", "is another")
    before, after = ({test.name: test for test in policy.tests} for policy in (old, new))
    counts = {
        "gone": len(before.keys() - after.keys()),
        "new": len(after.keys() - before.keys()),
        "changed": sum(before[name] != after[name] for name in before.keys() & after.keys()),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if said:
        yield PolicyDifference("tests", said)
