"""Facts: everything a decision looks at, typed, frozen, each with its provider and cost class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from sys import float_info
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from escalation.errors import first_line
from escalation.model import Frozen
from escalation.site import STRICT, Site

if TYPE_CHECKING:
    from escalation.attempt import Attempt
    from escalation.problem import Budget, Problem
    from escalation.protocols import Machine, Method, View
    from escalation.quote import Quote


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


@dataclass(frozen=True)
class FactContext:
    """What fact providers may look at.

    Attributes:
        problem: as stated.
        budget: what is left of the budget, the policy's caps included.
        view: the instance's solver view; sealed parts are out of reach.
        method: the method the decision is about, if any.
        backend: where its work would run, if anywhere.
        quote: what it would need, if it could be quoted.
        attempts: what was tried before.
        now: seconds since the epoch.
        seed: the seed that the attempt would get.
        site: what the site allows.
    """

    problem: "Problem"
    budget: "Budget"
    view: "View"
    method: "Method | None"
    backend: "Machine | None"
    quote: "Quote | None"
    attempts: "tuple[Attempt, ...]"
    now: float
    seed: int
    site: Site = STRICT


@dataclass(frozen=True)
class FactProvider:
    """A specification and the function that computes its value, None for unknown."""

    spec: FactSpec
    compute: Callable[[FactContext], FactValue | None]

    def evaluate(self, context: FactContext) -> Fact:
        """Computes the fact; what fails, is no number or out of range is unknown, never an exception."""
        value: Any = None
        note = ""
        try:
            value = self.compute(context)
        except Exception as error:  # a fact that fails to compute is unknown, which closes gates
            note = f"failed to compute: {first_line(error)}"
        if value is not None:
            value, note = _checked(self.spec, value)
        elif not note:
            note = "unknown"
        return Fact(
            name=self.spec.name,
            value=value,
            unit=self.spec.unit,
            cost=self.spec.cost,
            provider=f"{self.compute.__module__}:{self.compute.__qualname__}",
            note=note,
        )


def _checked(spec: FactSpec, value: Any) -> tuple[FactValue | None, str]:
    if spec.type is FactType.FLAG:
        return (value, "") if isinstance(value, bool) else (None, f"not a flag: {value!r}")
    if spec.type is FactType.TEXT:
        return (value, "") if isinstance(value, str) else (None, f"not a text: {value!r}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, f"not a number: {value!r}"
    assert spec.within is not None
    least, most = spec.within
    if not (least <= value <= most):  # also NaN
        return None, f"expected a number from {least:g} to {most:g}, got {value!r:.40}"
    return float(value), ""


Facts = Mapping[str, Fact]
