"""What a policy is made of: gates, acceptance, approvals, waivers, tests."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from escalation.model.amounts import Caps
from escalation.model.frozen import Frozen
from escalation.model.problem import Tier
from escalation.policy.conditions import Condition
from escalation.ports.registry import current_name

Id = Field(pattern=r"^[a-z][a-z0-9_]*$", description="A name of its own in the policy.")
Reason = Field(min_length=8, description="Why, for the people who will read the decision.")


Positive = Annotated[float, Field(gt=0)]

LONGEST_S = 366 * 86400.0
"""A year: nobody waits longer, and what is far beyond has no date."""


class FamilyGate(Frozen):
    """Closes a tier for problems of its family unless its condition is known to be met."""

    id: str = Id
    tier: Tier = Field(description="The tier it guards.")
    because: str = Reason
    when: Condition = Field(description="What opens it.")


class Gate(FamilyGate):
    """Closes a tier unless its condition is known to be met."""

    families: tuple[str, ...] | None = Field(None, description="Only for these; default: for all.")


class Acceptance(Frozen):
    """What a CERTIFIED answer of a tier must meet besides."""

    id: str = Id
    tier: Tier = Field(description="The tier whose answers it is about.")
    because: str = Reason
    when: Condition = Field(description="What must be known to be met.")


class ApprovalRule(Frozen):
    """Holds an attempt for a person, unless its condition is known to be met."""

    id: str = Id
    tier: Tier = Field(description="The tier whose attempts it is about.")
    because: str = Reason
    unless: Condition = Field(description="What makes asking needless.")


class Waiver(Frozen):
    """Lets an attempt pass a closed gate, off hardware only; shown wherever the result is."""

    gate: str = Field(description="Id of the gate.")
    because: str = Reason


class Preference(Frozen):
    """Which of several devices work goes to, of those whose conditions are met."""

    among: tuple[str, ...] = Field(
        min_length=2, description="The devices; where nothing else tells them apart, the first is taken."
    )
    least: str | None = Field(None, description="The fact of which least is best, such as `quote.usd`.")
    most: str | None = Field(None, description="The fact of which most is best.")
    because: str = Reason

    @model_validator(mode="after")
    def _one_fact(self) -> Self:
        if (self.least is None) == (self.most is None):
            raise ValueError("expected one of least and most, with a fact")
        return self

    @property
    def fact(self) -> str:
        """The fact that tells the devices apart."""
        return str(self.least or self.most)


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


class GateTest(Frozen):
    """Facts and what a family's gates must make of them."""

    name: str = Field(description="What it shows.")
    tier: Tier = Field(description="The tier that is asked about.")
    facts: dict[str, bool | float | str | None] = Field(
        description="What is known; `null` and what is left out are unknown."
    )
    change: dict[str, bool | float | str | None] = Field(
        default_factory=dict, description="Facts that differ from `facts`."
    )
    expect: Literal["open", "closed", "hold"] = Field(description="What must be decided.")
    by: tuple[str, ...] = Field((), description="Ids of the rules that close or hold it.")


class PolicyTest(GateTest):
    """Facts and what the policy must make of them."""

    family: str | None = Field(
        None, description="The family of the problem; gates for certain families need it."
    )


class Policy(Frozen):
    """A policy file."""

    policy: str = Field(description="Its name.")
    summary: str = Field(description="One line on what it is for.")
    tiers: tuple[Tier, ...] = Field(min_length=1, description="The tiers it may try, in order.")
    methods: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="By family, the methods to try; default: all but those offered by name only.",
    )
    backends: dict[str, str] = Field(
        description="Where each kind of work runs: `backend` or `backend:device`."
    )
    prefer: dict[str, Preference] = Field(
        default_factory=dict,
        description="By kind of work, which of several devices it goes to; `backends` names one of them.",
    )
    gates: tuple[Gate, ...] = Field((), description="What must be known to be true before a tier is tried.")
    waivers: tuple[Waiver, ...] = Field((), description="Gates that may stay closed off hardware.")
    acceptance: tuple[Acceptance, ...] = Field((), description="What a certified answer must meet besides.")
    approvals: tuple[ApprovalRule, ...] = Field((), description="What a person is asked about.")
    submission: SubmissionRules = Field(
        SubmissionRules(), description="How paid work is waited for, and what drift is too much."
    )
    budget: Caps = Field(Caps(), description="Caps on every case under this policy.")
    tests: tuple[PolicyTest, ...] = Field((), description="Facts and the decision expected of them.")

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A policy that prefers nothing has the digest that it had before policies could."""
        said: dict[str, Any] = serialise(self)
        if not self.prefer:
            said.pop("prefer", None)
        return said

    @cached_property
    def places(self) -> tuple[str, ...]:
        """All devices that work may go to."""
        preferred = [spec for each in self.prefer.values() for spec in each.among]
        return tuple(dict.fromkeys([*self.backends.values(), *preferred]))

    def gates_of(self, tier: Tier, family_name: str | None) -> tuple[Gate, ...]:
        """The gates that guard a tier for a family."""
        wanted = current_name(family_name or "")
        return tuple(
            gate
            for gate in self.gates
            if gate.tier is tier and (gate.families is None or wanted in map(current_name, gate.families))
        )

    @cached_property
    def waived(self) -> Mapping[str, Waiver]:
        """The waivers by gate."""
        return {waiver.gate: waiver for waiver in self.waivers}
