"""Integers within limits, however they are spelt; nothing is rounded."""

import re
from decimal import Decimal

from escalation.inputs.document import shown
from escalation.model.errors import BadInput

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0*)?|[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?[eE][+-]?[0-9]{1,2}")


def whole(text: str, where: str, what: str, least: int | None = None, most: int | None = None) -> int:
    """Reads an integer within limits, however it is spelt: `30`, `030`, `30.0`, `3e1`.

    Raises:
        BadInput: with the place, what was expected and what came.
    """
    expected = "a whole number"
    if least is not None:
        expected += f" of at least {least}" if most is None else f" from {least} to {most}"
    exact = Decimal(text) if _WHOLE.fullmatch(text) else None
    value = int(exact) if exact is not None and exact == exact.to_integral_value() else None
    if value is None or (least is not None and value < least) or (most is not None and value > most):
        raise BadInput(f"{where}: {what}: expected {expected}, got {shown(text, quoted=True)}")
    return value
