"""What the values are that a flow run is given: by a form, by Prefect's API, from Python.

Prefect checks none of them (`enforce_parameter_schema` and `validate_parameters` are off), because it would
say what is wrong with them in many lines. They all pass here, so each is what it should be, or one line.
"""

from typing import Annotated, Any

from pydantic import Field

from escalation.inputs.validation import parse
from escalation.model.texts import Line
from escalation.text.visible import visible

MOST_WAIT_S = 7 * 86_400.0
MOST_CALLED = 200
"""Characters of the name of a run."""

_Count = Annotated[int, Field(ge=-(2**31), lt=2**31)]
_KINDS: dict[str, Any] = {
    "problem": Line,
    "problems": list[Any],
    "policy": Line | None,
    "case_id": Line | None,
    "folder": Line | None,
    "name": Line,
    "workers": _Count,
    "processes": _Count,
    "approval_wait_s": Annotated[float, Field(ge=0, le=MOST_WAIT_S)] | None,
}


def checked(**given: Any) -> tuple[Any, ...]:
    """The values of parameters by their names, in the order given.

    Raises:
        BadInput: with one line that names the parameter, what was expected and what came.
    """
    return tuple(parse(_KINDS[name], value, name) for name, value in given.items())


def called(typed: Any, otherwise: Any) -> str:
    """A name for a run: what was typed for it, on one line; where that is no text, the other."""
    return visible(typed)[:MOST_CALLED] if isinstance(typed, str) and typed else str(otherwise)
