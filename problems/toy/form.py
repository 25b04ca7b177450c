"""What the flow of this family asks for."""

from typing import Literal

from pydantic import Field

from escalation.ports.forms import Form, Part, shown
from problems.toy.instance import ToySpec


class GoalForm(Part):
    """The number to find, or a larger one."""

    metric: Literal["number"] = Field("number", title="Measured by", description="The number itself.")
    at_least: float = Field(title="At least", description="The number.", json_schema_extra=shown(9))


class NumbersForm(Part, ToySpec):
    """The numbers, and how far the cheapest tier looks."""

    numbers: tuple[float, ...] = Field(
        min_length=2,
        max_length=1024,
        title="Numbers",
        description="Among which a large one is sought.",
        json_schema_extra=shown([3, 1, 4, 1, 5, 9, 2, 6]),
    )


class ToyForm(Form):
    """Finds a number that is large enough; every tier trivially. To try an installation out."""

    numbers: NumbersForm = Field(title="The numbers", description="Where to look.")
    target: GoalForm = Field(title="The goal", description="How large it must be.")
