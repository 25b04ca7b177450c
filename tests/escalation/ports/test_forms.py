"""A form becomes the parameters of a flow."""

import inspect

from pydantic import Field

from escalation.ports.forms import RESERVED, Form, parameters
from flows.forms import COMMON


class Late(Form):
    """An optional field stands before one that must be given."""

    durations: list[int] = Field([], description="of each job.")
    machines: int = Field(description="that jobs run on.")


def test_what_must_be_given_comes_first_whatever_the_order_of_the_fields() -> None:
    signature = inspect.Signature(parameters(Late))
    assert list(signature.parameters) == ["machines", "durations"]


def test_the_reserved_names_are_those_that_every_flow_asks_for() -> None:
    assert tuple(COMMON) == RESERVED
