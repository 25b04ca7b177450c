"""A decision: what was chosen, the facts it saw, the rule that fired, and what would have changed it."""

from enum import StrEnum
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from escalation.model.facts import Fact, FactValue
from escalation.model.frozen import Frozen
from escalation.model.problem import Tier
from escalation.model.quote import Quote


class Action(StrEnum):
    """What a decision does."""

    ATTEMPT = "attempt"
    ACCEPT = "accept"
    ABSTAIN = "abstain"
    REFUSE = "refuse"


class Miss(Frozen):
    """A threshold that was not met."""

    fact: str
    value: FactValue | None
    unit: str = ""
    comparison: str
    limit: FactValue | tuple[FactValue, ...] | None
    margin: float | None = Field(None, description="Value minus limit, where both are numbers.")
    note: str = Field("", description="Why the fact is unknown, where it is.")


class Closed(Frozen):
    """A gate that did not open, and why."""

    gate: str
    tier: Tier
    because: str
    misses: tuple[Miss, ...]


class Waived(Frozen):
    """A gate that was closed and waived by the policy, off hardware only."""

    gate: str
    because: str
    misses: tuple[Miss, ...]


class Alternative(Frozen):
    """A rung that was not taken, and why."""

    tier: Tier
    method: str
    because: str


class Considered(Frozen):
    """A device among which a policy prefers, for one rung."""

    tier: Tier
    method: str
    backend: str
    closed: tuple[str, ...] = Field((), description="The conditions that were not met on it.")
    fact: str = Field(description="What was compared.")
    value: float | None = Field(None, description="Its value; not looked up where a condition is not met.")
    unit: str = ""
    most: bool = Field(description="Whether the most is best, or else the least.")
    chosen: bool = Field(description="Whether the rung is looked at on this device.")


class Flip(Frozen):
    """The smallest change among evaluated facts that would have changed the decision."""

    would: str = Field(description="What would have been done.")
    changes: tuple[Miss, ...]
    text: str = Field(description="The same in words.")


class Decision(Frozen):
    """One hop of the ladder."""

    number: int = Field(ge=0)
    action: Action
    tier: Tier | None = None
    method: str | None = None
    backend: str | None = None
    rule: str = Field(description="Id of the gate, approval, acceptance or default that fired.")
    because: str
    closed: tuple[Closed, ...] = ()
    waived: tuple[Waived, ...] = ()
    open_tiers: tuple[Tier, ...] = ()
    propensity: float = Field(1.0, description="Probability with which this choice was made.")
    asks: tuple[Closed, ...] = Field(
        (), description="Rules by which a person must approve what the attempt sends to its backend."
    )
    alternatives: tuple[Alternative, ...] = ()
    considered: tuple[Considered, ...] = Field((), description="Devices that were compared, if several.")
    nearest_flip: Flip | None = None
    facts: tuple[Fact, ...] = ()
    quote: Quote | None = Field(None, description="What the chosen attempt may use, its cap.")
    irreproducible: str = Field(
        "",
        description="Why the attempt's work, run again, may come out otherwise; empty: the same to the bit.",
    )
    facts_hash: str = ""
    policy_hash: str = ""

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A decision in which no devices were compared reads as it did before they could be."""
        said: dict[str, Any] = serialise(self)
        if not self.considered:
            said.pop("considered", None)
        return said
