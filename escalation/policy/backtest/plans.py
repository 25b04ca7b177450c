"""What a policy comes to for a family: its rungs, each with the rules that count for it, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from escalation.model.calibration import DeviceKind
from escalation.model.errors import TierwiseError
from escalation.model.problem import Tier
from escalation.policy.backtest.past_case import Json, PastCase
from escalation.policy.backtest.trilean import Check, compiled
from escalation.policy.floor import APPROVAL, GATES, PRICE
from escalation.policy.ladder_state import Rung
from escalation.policy.policy import parse_policy
from escalation.policy.rules import Policy
from escalation.policy.rungs import rungs_of
from escalation.ports.registry import backend_descriptor, families, family, resolve

Rules = tuple[tuple[str, Check], ...]
"""Ids with their conditions."""
PRICED = compiled(PRICE.when)


@dataclass(frozen=True)
class RungPlan:
    """A rung with what must be met.

    Attributes:
        rung: it.
        gates: the floor's and the policy's that nobody waives there.
        asks: what makes asking a person needless.
        among: the same on each of several devices, among which the policy prefers.
    """

    rung: Rung
    gates: Rules
    asks: Rules
    among: tuple["RungPlan", ...] = ()

    def on(self, backend: str | None) -> "RungPlan":
        """The plan on one of several devices."""
        return next((each for each in self.among if each.rung.backend == backend), self)

    @cached_property
    def key(self) -> tuple[str, str]:
        """Tier and method, as records spell them."""
        return str(self.rung.tier), self.rung.method

    @cached_property
    def subject(self) -> str:
        """As facts name it."""
        return str(self.rung)

    @cached_property
    def may_charge(self) -> bool:
        """Whether nodes or cores of its machine can have a price: what has none is open to every purse."""
        try:
            made = resolve(backend_descriptor(self.rung.backend)[0].backend)
        except Exception:  # whoever opens it is told; here it is not known
            return True
        return hasattr(made, "charges") and hasattr(made, "price_usd")


@dataclass(frozen=True)
class FamilyPlan:
    """A policy for one family.

    Attributes:
        policy: it.
        rungs: in order.
        acceptance: by tier, what a certified answer must meet.
    """

    policy: Policy
    rungs: tuple[RungPlan, ...]
    acceptance: Mapping[str, Rules]

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], RungPlan]:
        """The rungs by tier and method."""
        return {each.key: each for each in self.rungs}

    @cached_property
    def backends(self) -> dict[tuple[str, str], str]:
        """Where each rung's work goes, by tier and method."""
        return {each.key: each.rung.backend for each in self.rungs}


def plan_for(policy: Policy, family_name: str) -> FamilyPlan:
    """Compiles a policy for a family.

    Raises:
        TierwiseError: when the policy names no backend for a method's work.
    """
    rungs = tuple(_rung(policy, rung, family_name) for rung in rungs_of(policy, family(family_name)))
    acceptance = {str(tier): _accepting(policy, tier) for tier in Tier}
    return FamilyPlan(policy, rungs, acceptance)


def _rung(policy: Policy, rung: Rung, family_name: str) -> RungPlan:
    hardware = rung.device_kind is DeviceKind.HARDWARE
    gates = [(rule.id, compiled(rule.when)) for rule in GATES] if hardware else []
    for gate in policy.gates_of(rung.tier, family_name):
        if hardware or gate.id not in policy.waived:
            gates.append((gate.id, compiled(gate.when)))
    asks = [(APPROVAL.id, compiled(APPROVAL.when))] if hardware else []
    asks += [(rule.id, compiled(rule.unless)) for rule in policy.approvals if rule.tier is rung.tier]
    among = tuple(_rung(policy, each, family_name) for each in rung.among)
    return RungPlan(rung, tuple(gates), tuple(asks), among)


def _accepting(policy: Policy, tier: Tier) -> Rules:
    return tuple((rule.id, compiled(rule.when)) for rule in policy.acceptance if rule.tier is tier)


@dataclass(frozen=True)
class PlanPair:
    """The plans of the policy that a case was run under, and of the new one, for its family.

    Attributes:
        old: the former.
        new: the latter.
    """

    old: FamilyPlan
    new: FamilyPlan

    @cached_property
    def caps(self) -> tuple[str, ...]:
        """The resources whose caps differ."""
        old, new = self.old.policy.budget, self.new.policy.budget
        return tuple(name for name in old if old[name] != new[name])

    @cached_property
    def moved(self) -> frozenset[str]:
        """The kinds of work that run elsewhere."""
        old, new = self.old.policy.backends, self.new.policy.backends
        return frozenset(kind for kind in {*old, *new} if old.get(kind) != new.get(kind))

    @cached_property
    def other_alpha(self) -> bool:
        """Whether the allowed error is shared among another number of rungs."""
        return len(self.old.rungs) != len(self.new.rungs)

    @cached_property
    def followed_otherwise(self) -> bool:
        """Whether paid work is followed by other rules."""
        return self.old.policy.submission != self.new.policy.submission


@dataclass
class Plans:
    """The plans of one new policy and of all those that cases were run under, each made once.

    Attributes:
        policy: the new one.
    """

    policy: Policy
    _new: dict[str, FamilyPlan | str] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], PlanPair | str] = field(default_factory=dict)
    _read: dict[str, Policy | str] = field(default_factory=dict)

    def know(self, policy: Policy) -> None:
        """Takes a policy that cases were run under as it is, so that its text need not be read."""
        self._read[policy.digest] = policy

    def pair(self, case: PastCase) -> PlanPair | str:
        """Those for a case, or why there are none."""
        info = case.info
        key = info["policy_digest"], info["problem"]["family"]
        if key not in self._pairs:
            self._pairs[key] = self._paired(info, case.policy_text, key[1])
        return self._pairs[key]

    def _paired(self, info: Json, policy_text: str, family_name: str) -> PlanPair | str:
        if family_name not in self._new:
            self._new[family_name] = _made(self.policy, family_name)
        new = self._new[family_name]
        policy = self._policy(info["policy_digest"], policy_text, info["policy_name"])
        old = policy if isinstance(policy, str) else _made(policy, family_name)
        if isinstance(new, str):
            return new
        return old if isinstance(old, str) else PlanPair(old, new)

    def _policy(self, digest: str, text: str, name: str) -> Policy | str:
        if digest not in self._read:
            try:
                self._read[digest] = parse_policy(text, name).policy
            except TierwiseError:
                self._read[digest] = "the policy that it was run under cannot be read any more"
        return self._read[digest]


def _made(policy: Policy, family_name: str) -> FamilyPlan | str:
    if family_name not in families():
        return f"the family {family_name} is not installed"
    try:
        return plan_for(policy, family_name)
    except TierwiseError as error:
        return str(error)
