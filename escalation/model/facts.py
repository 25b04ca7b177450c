"""Facts: everything a decision looks at, typed, frozen, each with its provider and cost class."""

from collections.abc import Mapping
from enum import StrEnum
from sys import float_info
from typing import Self

from pydantic import Field, model_validator

from escalation.model.frozen import Frozen


class CostClass(StrEnum):
    """What it takes to learn a fact, cheapest first."""

    FREE = "free"
    LOCAL = "local"
    NETWORK = "network"
    PAID = "paid"

    @property
    def rank(self) -> int:
        """0 is cheapest."""
        return list(CostClass).index(self)


class FactType(StrEnum):
    """What a fact's value is."""

    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"


Range = tuple[float, float]
SHARE: Range = (0.0, 1.0)
"""Of shares, probabilities, fidelities."""
COUNT: Range = (0.0, 2.0**53)
"""Of counts; beyond, not every whole number is a float."""
AMOUNT: Range = (0.0, 1e12)
"""Of seconds, hours and US dollars."""
SIZE: Range = (0.0, float_info.max)
"""Of what is not negative."""
ANY: Range = (-float_info.max, float_info.max)
"""Of what may be any number."""


class FactSpec(Frozen):
    """A fact that policies may name."""

    name: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    type: FactType
    unit: str = Field("", description="Empty for dimensionless numbers, flags and texts.")
    cost: CostClass = CostClass.FREE
    within: Range | None = Field(
        None, description="Least and most that a number can be; whatever lies outside is unknown."
    )
    choices: tuple[str, ...] = Field((), description="What a text can be; empty where it can be any.")
    doc: str

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if (self.type is FactType.NUMBER) != (self.within is not None):
            raise ValueError(f"{self.name}: expected a range of a number, and of nothing else")
        return self


FactValue = bool | float | str


class Fact(Frozen):
    """A fact as it was found; `value` None is unknown, and `note` says why."""

    name: str
    subject: str = Field("", description="The rung it was looked up for: `tier/method`.")
    value: FactValue | None
    unit: str = ""
    cost: CostClass = CostClass.FREE
    provider: str
    note: str = ""


Facts = Mapping[str, Fact]
