"""What a target means; one definition for solvers that stop at it and the verifier that judges.

`gap` is relative as in the manuals of integer programming solvers: |objective - bound| / |objective|, with
the denominator at least one unit of the integer objective. `absolute_gap` is |objective - bound| and
`objective` the objective itself, both in the stated unit (the integer one divided by the model's scale).
"""

from fractions import Fraction
from typing import Any

from escalation.text.rounding import Way, rounded
from problems.optimisation.model.models import Model, sign

METRICS = ("gap", "absolute_gap", "objective")


def objective(model: Model, cost: int) -> float:
    """The stated objective of an integer cost."""
    return sign(model) * cost / model.scale


def stated(model: Model, cost_units: int, *, bound: bool = False) -> str:
    """An integer cost as the stated objective, rounded so that it looks no better than it is.

    Args:
        model: says which way it is better, and the unit.
        cost_units: of an answer, or a lower bound on all costs.
        bound: whether it is a bound, which is rounded away from the answers.
    """
    upwards = (sign(model) > 0) != bound
    value = Fraction(sign(model) * cost_units, model.scale)
    return rounded(value, Way.UP if upwards else Way.DOWN)


def relative_gap(cost: int, bound: int) -> float:
    """The relative gap of a cost over a lower bound on all costs; both integers, bound ≤ cost."""
    return (cost - bound) / max(abs(cost), 1)


def measured(model: Model, metric: str, cost: int, bound: int | None) -> float | None:
    """The metric's value, None where it needs a bound and there is none."""
    if metric == "objective":
        return objective(model, cost)
    if bound is None:
        return None
    return relative_gap(cost, bound) if metric == "gap" else (cost - bound) / model.scale


def reached(model: Model, aim: dict[str, Any], cost: int, bound: int | None) -> bool:
    """Tells whether an incumbent and a bound reach `OptimisationView.aim`."""
    value = measured(model, aim["metric"], cost, bound)
    if value is None:
        return False
    if aim["metric"] == "objective" and sign(model) < 0:
        return value >= float(aim["limit"])
    return value <= float(aim["limit"])
