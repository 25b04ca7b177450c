"""The rungs that a policy declares for a family, before anything runs."""

from dataclasses import replace

from escalation.model.errors import TierwiseError
from escalation.model.problem import Tier
from escalation.policy.ladder_state import Rung
from escalation.policy.rules import Policy
from escalation.ports.families import Family
from escalation.ports.methods import offered
from escalation.ports.registry import backend_descriptor, current_name


def rungs_of(policy: Policy, family: Family) -> tuple[Rung, ...]:
    """The rungs in order; a case's α is divided by their number.

    Raises:
        TierwiseError: when the policy names no backend for a method's work.
    """
    named = next((each for name, each in policy.methods.items() if current_name(name) == family.name), None)
    every = family.methods()
    methods = offered(every) if named is None else [each for each in every if each.name in named]
    return tuple(
        _rung(policy, tier, method.name, method.work_kind)
        for tier in policy.tiers
        for method in methods
        if method.tier is tier
    )


def backend_for(policy: Policy, kind: str) -> str:
    """The backend that the policy names for a kind of work.

    Raises:
        TierwiseError: when it names none.
    """
    backend = policy.backends.get(kind)
    if backend is None:
        raise TierwiseError(f"policy {policy.policy!r} names no backend for {kind}; add one under backends")
    return backend


def _rung(policy: Policy, tier: Tier, method: str, kind: str) -> Rung:
    rung, preference = _on(tier, method, backend_for(policy, kind)), policy.prefer.get(kind)
    if preference is None:
        return rung
    among = tuple(_on(tier, method, spec) for spec in preference.among)
    return replace(rung, among=among, fact=preference.fact, most=preference.most is not None)


def _on(tier: Tier, method: str, spec: str) -> Rung:
    descriptor, device = backend_descriptor(spec)
    return Rung(tier, method, spec, descriptor.device_kind(device))
