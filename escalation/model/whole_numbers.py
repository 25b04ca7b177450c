"""Whole numbers as people give them."""

from typing import Any

from escalation.model.errors import BadInput


def expect_whole(what: str, value: Any, least: int, most: int) -> None:
    """Raises `BadInput` unless the value is a whole number within both bounds; true and 2.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(f"expected {what} as a whole number of {least} to {most}, got {value!r}")
