"""Remarks on a policy: tiers that nothing opens, hardware without approvals, limits without effect."""

from collections.abc import Iterator, Sequence

from escalation.inputs.site import Site
from escalation.model.calibration import DeviceKind
from escalation.model.problem import Tier
from escalation.policy.checks import known_facts
from escalation.policy.conditions import AnyOf, Condition, Threshold, show, split_quantity
from escalation.policy.remarks.never import facts_of, never, ways
from escalation.policy.rules import Gate, Policy
from escalation.ports.registry import backend_descriptor, families, family
from escalation.text.wording import listed


def remarks(policy: Policy, site: Site) -> Iterator[str]:
    """What the author of a policy that holds together may not have meant, each in a sentence."""
    yield from _never(policy)
    yield from _other_families(policy)
    yield from _hardware(policy, site)
    yield from _beyond_the_site(policy, site)


def _never(policy: Policy) -> Iterator[str]:
    specs = known_facts()
    lost: set[Tier] = set()
    for gate in policy.gates:
        if why := never([gate.when], specs):
            lost.add(gate.tier)
            yield f"condition {gate.id} is never met, so {gate.tier} is never tried{_for(gate)}: {why}"
    for rule in policy.acceptance:
        if why := never([rule.when], specs):
            yield f"acceptance {rule.id} is never met, so no answer of {rule.tier} is accepted: {why}"
    for tier in policy.tiers:
        of_all = [gate for gate in policy.gates if gate.tier is tier and gate.families is None]
        if tier not in lost and (why := never([gate.when for gate in of_all], specs)):
            names = listed([gate.id for gate in of_all], most=None)
            yield f"the conditions of {tier} ({names}) are never met together, so it is never tried: {why}"


def _for(gate: Gate) -> str:
    return f" for {listed(gate.families, most=None)}" if gate.families else ""


def _other_families(policy: Policy) -> Iterator[str]:
    """Rules about facts that some families' problems do not have, and which they therefore never meet."""
    own = {name: {each.spec.name for each in family(name).facts()} for name in families()}
    anybodys = set(known_facts()) - set().union(*own.values())
    for section, rules in (
        ("condition", policy.gates),
        ("acceptance", policy.acceptance),
    ):
        for rule in rules:
            among = getattr(rule, "families", None) or tuple(own)
            without = [name for name in among if _lacks(rule.when, own[name] | anybodys)]
            if without:
                facts = listed(sorted(_facts(rule.when) - anybodys), most=None)
                yield (
                    f"{section} {rule.id} is not met for any problem of {listed(without, most=None)}: "
                    f"they have no {facts}"
                )


def _lacks(condition: Condition, known: set[str]) -> bool:
    sets = ways([condition])
    return sets is not None and not any(known.issuperset(facts_of(each)) for each in sets)


def _facts(condition: Condition) -> set[str]:
    return {name for each in ways([condition]) or () for name in facts_of(each)}


def _hardware(policy: Policy, site: Site) -> Iterator[str]:
    found = [spec for spec in policy.places if _is_hardware(spec)]
    if not found:
        return
    where = listed(found, most=None)
    if not site.hardware_allowed:
        yield f"{where} is hardware, and this site allows none: nothing is sent there"
    if not policy.approvals:
        yield (
            f"{where} is hardware, and the policy has no approvals: "
            "whether a person is asked is left to the site"
        )


def _is_hardware(spec: str) -> bool:
    descriptor, device = backend_descriptor(spec)
    return descriptor.device_kind(device) is DeviceKind.HARDWARE


def _beyond_the_site(policy: Policy, site: Site) -> Iterator[str]:
    """Limits that are wider than the floor's, which count all the same."""
    cap = policy.budget.usd
    if cap is not None and site.limit_usd is not None and cap > site.limit_usd:
        yield (
            f"budget: {show(cap, 'USD')} is more than the site's limit in the ledger, "
            f"{show(site.limit_usd, 'USD')}, which counts"
        )
    if not any(map(_is_hardware, policy.places)):
        return
    for rule in policy.approvals:
        for most in _unasked(rule.unless):
            if site.wants_word(most) and most > 0:
                at = "every job" if site.unasked_usd is None else f"more than {show(site.unasked_usd, 'USD')}"
                yield (
                    f"approval {rule.id}: asks nobody up to {show(most, 'USD')}, and the site asks "
                    f"about {at} on hardware, which counts"
                )


def _unasked(condition: Condition) -> Sequence[float]:
    """Prices up to which the condition alone asks nobody."""
    if isinstance(condition, AnyOf):
        return [most for part in condition.any for most in _unasked(part)]
    if not isinstance(condition, Threshold) or condition.fact != "quote.usd":
        return []
    if condition.comparison not in ("at_most", "below") or not isinstance(condition.limit, float | int | str):
        return []
    quantity = split_quantity(condition.limit)
    return [] if quantity is None else [quantity[0]]
