"""What the flow of this family asks for."""

from pydantic import Field

from escalation.model.frozen import Frozen
from escalation.ports.forms import Form, shown
from problems.toy.instance import ToySpec


class GoalForm(Frozen):
    """The goal: the number to find, or a larger one."""

    metric: str = "number"
    at_least: float = Field(description="The number.", json_schema_extra=shown(9))


class NumbersForm(ToySpec):
    """The numbers, and how far the cheapest tier looks."""

    numbers: tuple[float, ...] = Field(
        min_length=2,
        max_length=1024,
        description="Among which a large one is sought.",
        json_schema_extra=shown([3, 1, 4, 1, 5, 9, 2, 6]),
    )


class ToyForm(Form):
    """Finds a number that is large enough; every tier trivially."""

    numbers: NumbersForm = Field(description="the numbers.")
    target: GoalForm = Field(description="the goal: how large it must be.")
