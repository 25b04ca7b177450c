"""Reads the data of proofs, and says what is wrong with them."""

from typing import Any

MOST_BITS = 62
"""Of a number in a proof; with them, the sum of two stays within 64."""
MOST_SHIFT = 60


class Faulty(ValueError):
    """The proof does not prove what it claims, or cannot be read; says why."""


class Undecided(ValueError):
    """The verifier could not find out within its limits; says which."""


def fields(data: Any, names: tuple[str, ...]) -> list[Any]:
    """Returns the values of exactly these fields."""
    if not isinstance(data, dict) or set(data) != set(names):
        raise Faulty(f"expected the fields {', '.join(names)}")
    return [data[name] for name in names]


def integer(value: Any, what: str, least: int, most: int) -> int:
    """Returns a whole number between two limits, both allowed."""
    if type(value) is not int or not least <= value <= most:
        raise Faulty(f"expected {what} to be a whole number from {least} to {most}")
    return value


def shift_of(value: Any) -> int:
    """Returns the number of binary places of a proof's reals."""
    return integer(value, "the shift", 0, MOST_SHIFT)


def integers(values: Any, what: str, size: int) -> list[int]:
    """Returns `size` whole numbers of at most `MOST_BITS` bits."""
    if not isinstance(values, list) or len(values) != size:
        raise Faulty(f"expected {size} {what}")
    limit = 1 << MOST_BITS
    if values and (set(map(type, values)) != {int} or max(values) > limit or min(values) < -limit):
        raise Faulty(f"expected {what} that are whole numbers of at most {MOST_BITS} bits")
    return values
