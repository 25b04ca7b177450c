"""Whether a policy holds together: names, facts, types, units, backends, waivers."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from escalation.inputs.document import shown
from escalation.model.calibration import DeviceKind
from escalation.model.facts import FactSpec, FactType
from escalation.model.work import kinds
from escalation.policy.conditions import FactLimit, Threshold, split_quantity, thresholds
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.floor import FLOOR
from escalation.policy.layers import Layers
from escalation.policy.rules import Policy, Preference
from escalation.ports.registry import backend_descriptor, families, family, no_family
from escalation.text.wording import with_article


def check(policy: Policy, layers: Layers) -> None:
    """Checks a policy whose structure is sound.

    Raises:
        PolicyError: with file and line, on the first thing wrong.
    """
    _check_names(policy, layers)
    _check_backends(policy, layers)
    _check_conditions(policy, layers)
    _check_tests(policy, layers)


def check_gates(policy: Policy, layers: Layers) -> None:
    """Checks a policy that is nothing but gates and their tests, as `check` does."""
    _check_ids(policy, layers)
    _check_conditions(policy, layers)
    _check_tests(policy, layers)


@cache
def known_facts() -> Mapping[str, FactSpec]:
    """All the facts that policies may name: the ladder's own and every family's."""
    found = {provider.spec.name: provider.spec for provider in CORE_FACTS}
    for name in families():
        found |= {provider.spec.name: provider.spec for provider in family(name).facts()} | found
    return found


def _check_names(policy: Policy, layers: Layers) -> None:
    if list(policy.tiers) != sorted(set(policy.tiers), key=lambda tier: tier.rank):
        raise layers.complain(("tiers",), "expected each tier once, in the order hpc, ai, quantum")
    _check_ids(policy, layers)
    gates = {gate.id for gate in policy.gates}
    waived: set[str] = set()
    for index, waiver in enumerate(policy.waivers):
        if waiver.gate in waived:
            raise layers.complain(("waivers", index, "gate"), f"{waiver.gate!r} is named twice; keep one")
        waived.add(waiver.gate)
        if waiver.gate not in gates:
            raise layers.complain(
                ("waivers", index, "gate"),
                f"expected the id of one of `gates` ({_list(gates)}), got {waiver.gate!r}",
            )
    for index, gate in enumerate(policy.gates):
        for name in gate.families or ():
            if name not in families():
                raise layers.complain(("gates", index, "families"), no_family(name))
    for name in policy.methods:
        _check_methods(policy, name, layers)


def _check_ids(policy: Policy, layers: Layers) -> None:
    seen: dict[str, str] = {}
    for section in ("gates", "acceptance", "approvals"):
        for index, rule in enumerate(getattr(policy, section)):
            if rule.id.startswith(FLOOR):
                raise layers.complain(
                    (section, index, "id"),
                    f"{rule.id!r} reads like a rule of the site, which no policy sets: name it otherwise",
                )
            if rule.id in seen:
                raise layers.complain(
                    (section, index, "id"),
                    f"{rule.id!r} is used twice; the other is at {seen[rule.id]}: rename one, "
                    "or change an inherited one under `changes`",
                )
            seen[rule.id] = layers.origin((section, index))


def _check_methods(policy: Policy, name: str, layers: Layers) -> None:
    if name not in families():
        raise layers.complain(("methods", name), no_family(name))
    known = {method.name for method in family(name).methods()}
    never: Mapping[str, str] = getattr(family(name), "never_offered", {})
    for method in policy.methods[name]:
        if method in never:
            raise layers.complain(("methods", name), f"{method} is never offered: {never[method]}")
        if method not in known:
            raise layers.complain(
                ("methods", name), f"unknown method {method!r}: expected one of {_list(known)}"
            )


def _check_backends(policy: Policy, layers: Layers) -> None:
    for kind, spec in policy.backends.items():
        _check_place(policy, layers, ("backends", kind), spec)
    for kind, preference in policy.prefer.items():
        _check_preference(policy, layers, kind, preference)


def _check_place(policy: Policy, layers: Layers, place: tuple[str | int, ...], spec: str) -> None:
    kind = str(place[1])
    if kind not in kinds():
        raise layers.complain(
            place, f"unknown kind of work {shown(kind, quoted=True)}: expected one of {_list(kinds())}"
        )
    try:
        descriptor, device = backend_descriptor(spec)
        device_kind = descriptor.device_kind(device)
    except Exception as error:
        raise layers.complain(place, str(error)) from None
    if kind not in descriptor.accepts:
        raise layers.complain(place, f"{spec!r} runs {_list(descriptor.accepts)}, not {kind}")
    if device_kind is DeviceKind.HARDWARE and policy.waivers:
        raise layers.complain(
            ("waivers",), f"not allowed on hardware, and {spec!r} is hardware; remove `waivers`"
        )


def _check_preference(policy: Policy, layers: Layers, kind: str, preference: Preference) -> None:
    for index, spec in enumerate(preference.among):
        _check_place(policy, layers, ("prefer", kind, "among", index), spec)
    among = preference.among
    if len(set(among)) < len(among):
        raise layers.complain(("prefer", kind, "among"), "expected each device once")
    if policy.backends.get(kind) not in among:
        raise layers.complain(
            ("prefer", kind, "among"),
            f"expected the device that backends names for {kind} among them, {policy.backends.get(kind)!r}",
        )
    fact, place = (
        known_facts().get(preference.fact),
        ("prefer", kind, "least" if preference.least else "most"),
    )
    if fact is None:
        raise layers.complain(place, _unknown_fact(preference.fact, known_facts()))
    if fact.type is not FactType.NUMBER:
        raise layers.complain(place, f"expected a number to compare, and {fact.name} is {_kind(fact)}")


def _check_conditions(policy: Policy, layers: Layers) -> None:
    facts = known_facts()
    for section, field in (("gates", "when"), ("acceptance", "when"), ("approvals", "unless")):
        for index, rule in enumerate(getattr(policy, section)):
            for threshold, path in thresholds(getattr(rule, field)):
                wrong = _wrong(threshold, facts)
                if wrong:
                    raise layers.complain((section, index, field, *path), wrong)


def _wrong(threshold: Threshold, facts: Mapping[str, FactSpec]) -> str | None:
    """Says what is wrong with a threshold, None when nothing is."""
    spec = facts.get(threshold.fact)
    if spec is None:
        return _unknown_fact(threshold.fact, facts)
    if isinstance(threshold.limit, FactLimit):
        other = facts.get(threshold.limit.fact)
        if other is None:
            return _unknown_fact(threshold.limit.fact, facts)
        if (other.type, other.unit) != (spec.type, spec.unit):
            return f"{spec.name} is {_kind(spec)}, but its limit {other.name} is {_kind(other)}"
        return None
    return _wrong_literal(threshold.comparison, threshold.limit, spec)


def _wrong_literal(comparison: str, limit: Any, spec: FactSpec) -> str | None:
    if comparison in ("equals", "one_of"):
        texts = limit if isinstance(limit, tuple) else (limit,)
        expected: Any = {FactType.FLAG: bool, FactType.TEXT: str, FactType.NUMBER: int | float}[spec.type]
        fits = all(
            isinstance(x, expected) and (spec.type is FactType.FLAG) == isinstance(x, bool) for x in texts
        )
        return None if fits else f"{spec.name} is {_kind(spec)}, got {limit!r}"
    quantity = split_quantity(limit)
    if spec.type is not FactType.NUMBER or quantity is None:
        return f"{spec.name} is {_kind(spec)}, got {comparison}: {limit!r}"
    if quantity[1] != spec.unit:
        unit = spec.unit or "no unit"
        return f"{spec.name} has {unit if not spec.unit else 'the unit ' + unit}, got {limit!r}"
    return None


def _check_tests(policy: Policy, layers: Layers) -> None:
    facts = known_facts()
    for index, test in enumerate(policy.tests):
        for part in ("facts", "change"):
            for name, value in getattr(test, part).items():
                if wrong := _wrong_given(name, value, facts):
                    raise layers.complain(("tests", index, part, name), wrong)
        if test.family is not None and test.family not in families():
            raise layers.complain(("tests", index, "family"), no_family(test.family))
        if test.tier not in policy.tiers:
            raise layers.complain(("tests", index, "tier"), f"the policy has no tier {test.tier}")


def _wrong_given(name: str, value: bool | float | str | None, facts: Mapping[str, FactSpec]) -> str | None:
    """Says what is wrong with a fact that a test gives: what no run can find would be unknown, and close."""
    spec = facts.get(name)
    if spec is None:
        return _unknown_fact(name, facts)
    if value is None:
        return None
    if wrong := _wrong_literal("equals", value, spec):
        return wrong
    if spec.within is None or spec.within[0] <= float(value) <= spec.within[1]:
        return None
    return f"{name} lies from {spec.within[0]:g} to {spec.within[1]:g}, got {shown(value)}"


def _unknown_fact(name: str, facts: Mapping[str, FactSpec]) -> str:
    near = get_close_matches(name, list(facts), n=3) or sorted(facts)
    return f"unknown fact {name!r}: did you mean {' or '.join(near[:3])}?"


def _kind(spec: FactSpec) -> str:
    return with_article(spec.type) + (f" in {spec.unit}" if spec.unit else "")


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))
