"""Fact providers: what policies may ask of a problem, its attempts, its machine, and how it is computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from escalation.inputs.site import STRICT, Site
from escalation.model.amounts import Caps
from escalation.model.at_best import AtBest
from escalation.model.attempt import Attempt
from escalation.model.errors import first_line
from escalation.model.facts import Fact, FactSpec, FactType, FactValue
from escalation.model.problem import Problem
from escalation.model.quote import Quote
from escalation.ports.machines import Machine
from escalation.ports.methods import Method, View


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
        simulable_log2: base-2 logarithm of the amplitudes that the site's largest simulator holds; None where
            there is none, and for other facts.
        at_best: what a certificate could say at best; None where the family cannot tell.
    """

    problem: Problem
    budget: Caps
    view: View
    method: Method | None
    backend: Machine | None
    quote: Quote | None
    attempts: tuple[Attempt, ...]
    now: float
    seed: int
    site: Site = STRICT
    simulable_log2: float | None = None
    at_best: AtBest | None = None


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
