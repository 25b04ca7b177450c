"""Policies: versioned files that say which tiers open when, checked whole before anything runs."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from escalation.inputs.document import Document, shown
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import validated
from escalation.model.calibration import DeviceKind
from escalation.model.errors import PolicyError
from escalation.model.facts import FactSpec, FactType
from escalation.model.frozen import Frozen
from escalation.model.problem import Budget, Positive, Tier
from escalation.policy.conditions import Condition, FactLimit, Threshold, split_quantity, thresholds
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.floor import FLOOR
from escalation.ports.registry import backend_descriptor, families, family, no_family

Reason = Field(min_length=8, description="Why, for the people who will read the decision.")


LONGEST_S = 366 * 86400.0
"""A year: nobody waits longer, and what is far beyond has no date."""


class Gate(Frozen):
    """Closes a tier unless its condition is known to be met."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tier: Tier
    because: str = Reason
    when: Condition
    families: tuple[str, ...] | None = Field(None, description="Only for these; default: for all.")


class Acceptance(Frozen):
    """What a CERTIFIED answer of a tier must meet besides."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tier: Tier
    because: str = Reason
    when: Condition


class Approval(Frozen):
    """Holds an attempt for a person, unless its condition is known to be met."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tier: Tier
    because: str = Reason
    unless: Condition


class Waiver(Frozen):
    """Lets an attempt pass a closed gate, off hardware only; shown wherever the result is."""

    gate: str
    because: str = Reason


class SubmissionRules(Frozen):
    """How paid work is waited for."""

    wait_s: Positive = Field(
        900.0,
        le=LONGEST_S,
        description="Seconds that a driver waits for a submitted job before it leaves it to `reconcile`.",
    )
    on_stop: Literal["leave", "cancel"] = Field(
        "leave", description="What Ctrl-C does to a submitted job: leaves it to `reconcile`, or cancels it."
    )
    approval_h: Positive = Field(
        24.0,
        le=LONGEST_S / 3600,
        description="Hours that a question to a person stands, then it is no; the site may say fewer.",
    )
    max_fidelity_loss: float | None = Field(
        0.1, ge=0, le=1, description="Expected fidelity that may be lost to drift while a job is queued."
    )


class PolicyTest(Frozen):
    """Facts and what the policy must make of them."""

    name: str
    tier: Tier
    family: str | None = None
    facts: dict[str, bool | float | str | None]
    change: dict[str, bool | float | str | None] = Field(default_factory=dict)
    expect: Literal["open", "closed", "hold"]
    by: tuple[str, ...] = Field((), description="Ids of the rules that close or hold it.")


class Policy(Frozen):
    """A policy file."""

    policy: str = Field(description="Its name.")
    summary: str
    tiers: tuple[Tier, ...] = Field(min_length=1)
    methods: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="By family, the methods to try; default: all of the family's."
    )
    backends: dict[Literal["local_call", "mpi_program", "circuit_batch"], str]
    gates: tuple[Gate, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    acceptance: tuple[Acceptance, ...] = ()
    approvals: tuple[Approval, ...] = ()
    submission: SubmissionRules = SubmissionRules()
    budget: Budget = Budget()
    tests: tuple[PolicyTest, ...] = ()

    def gates_of(self, tier: Tier, family_name: str | None) -> tuple[Gate, ...]:
        """The gates that guard a tier for a family."""
        return tuple(
            gate
            for gate in self.gates
            if gate.tier is tier and (gate.families is None or family_name in gate.families)
        )

    @cached_property
    def waived(self) -> Mapping[str, Waiver]:
        """The waivers by gate."""
        return {waiver.gate: waiver for waiver in self.waivers}


class LoadedPolicy(Frozen):
    """A policy that holds together, with the text it came from."""

    policy: Policy
    text: str
    path: str


def find_policy(name: str | Path) -> Path:
    """Finds a policy by path, or by the name of one that ships."""
    shipped = ROOT / "policies" / f"{name}.yaml"
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or os.path.isfile(path):
        return path
    if os.path.isfile(shipped):
        return shipped
    known = ", ".join(sorted(p.stem for p in (ROOT / "policies").glob("*.yaml")))
    raise PolicyError(f"unknown policy {shown(str(name), quoted=True)}: expected a file or one of {known}")


def load_policy(name: str | Path) -> LoadedPolicy:
    """Reads and checks a policy: structure, facts, types, units, names, waivers. Its tests are run by
    `escalation.policy.policy_tests.run_tests`.

    Raises:
        PolicyError: with file and line, on the first thing wrong.
    """
    path = find_policy(name)
    document = Document.read(path, PolicyError)
    return check_policy(document, str(path))


def parse_policy(text: str, name: str = "policy") -> LoadedPolicy:
    """Checks a policy given as text, as `load_policy` does."""
    return check_policy(Document(name, text, PolicyError), name)


def check_policy(document: Document, path: str) -> LoadedPolicy:
    """Checks an opened policy document."""
    policy = validated(Policy, document)
    _check_names(policy, document)
    _check_backends(policy, document)
    _check_conditions(policy, document)
    _check_tests(policy, document)
    return LoadedPolicy(policy=policy, text=document.text, path=path)


@cache
def known_facts() -> Mapping[str, FactSpec]:
    """All the facts that policies may name: the ladder's own and every family's."""
    found = {provider.spec.name: provider.spec for provider in CORE_FACTS}
    for name in families():
        found |= {provider.spec.name: provider.spec for provider in family(name).facts()} | found
    return found


def _check_names(policy: Policy, document: Document) -> None:
    if list(policy.tiers) != sorted(set(policy.tiers), key=lambda tier: tier.rank):
        raise document.complain(("tiers",), "expected each tier once, in the order hpc, ai, quantum")
    seen: set[str] = set()
    for section in ("gates", "acceptance", "approvals"):
        for index, rule in enumerate(getattr(policy, section)):
            if rule.id.startswith(FLOOR):
                raise document.complain(
                    (section, index, "id"),
                    f"{rule.id!r} reads like a rule of the floor, which no policy sets: name it otherwise",
                )
            if rule.id in seen:
                raise document.complain((section, index, "id"), f"{rule.id!r} is used twice")
            seen.add(rule.id)
    gates = {gate.id for gate in policy.gates}
    for index, waiver in enumerate(policy.waivers):
        if waiver.gate not in gates:
            raise document.complain(
                ("waivers", index, "gate"), f"no such gate {waiver.gate!r}: expected one of {_list(gates)}"
            )
    for index, gate in enumerate(policy.gates):
        for name in gate.families or ():
            if name not in families():
                raise document.complain(("gates", index, "families"), no_family(name))
    for name in policy.methods:
        _check_methods(policy, name, document)


def _check_methods(policy: Policy, name: str, document: Document) -> None:
    if name not in families():
        raise document.complain(("methods", name), no_family(name))
    known = {method.name for method in family(name).methods()}
    for method in policy.methods[name]:
        if method not in known:
            raise document.complain(
                ("methods", name), f"unknown method {method!r}: expected one of {_list(known)}"
            )


def _check_backends(policy: Policy, document: Document) -> None:
    for kind, spec in policy.backends.items():
        try:
            descriptor, device = backend_descriptor(spec)
            device_kind = descriptor.device_kind(device)
        except Exception as error:
            raise document.complain(("backends", kind), str(error)) from None
        if kind not in descriptor.accepts:
            raise document.complain(
                ("backends", kind), f"{spec!r} runs {_list(descriptor.accepts)}, not {kind}"
            )
        if device_kind is DeviceKind.HARDWARE and policy.waivers:
            raise document.complain(
                ("waivers",), f"not allowed on hardware, and {spec!r} is hardware; remove the waivers"
            )


def _check_conditions(policy: Policy, document: Document) -> None:
    facts = known_facts()
    for section, field in (("gates", "when"), ("acceptance", "when"), ("approvals", "unless")):
        for index, rule in enumerate(getattr(policy, section)):
            for threshold, path in thresholds(getattr(rule, field)):
                wrong = _wrong(threshold, facts)
                if wrong:
                    raise document.complain((section, index, field, *path), wrong)


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


def _check_tests(policy: Policy, document: Document) -> None:
    facts = known_facts()
    for index, test in enumerate(policy.tests):
        for part in ("facts", "change"):
            for name, value in getattr(test, part).items():
                if wrong := _wrong_given(name, value, facts):
                    raise document.complain(("tests", index, part, name), wrong)
        if test.family is not None and test.family not in families():
            raise document.complain(("tests", index, "family"), no_family(test.family))
        if test.tier not in policy.tiers:
            raise document.complain(("tests", index, "tier"), f"the policy has no tier {test.tier}")


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
    return f"a {spec.type}" + (f" in {spec.unit}" if spec.unit else "")


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))
