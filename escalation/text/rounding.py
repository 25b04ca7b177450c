"""Numbers as people read them: few digits, and rounded so that nothing looks better than it is."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from fractions import Fraction

from escalation.model.problem import Target

DIGITS = 4
"""Significant digits at least, and as many digits after the point of a number above 1."""
LEAST_EXPONENT = -6
"""Of numbers that are written without a power of ten."""


class Way(StrEnum):
    """Which way a number is rounded."""

    UP = ROUND_CEILING
    DOWN = ROUND_FLOOR
    NEAREST = ROUND_HALF_EVEN


def rounded(value: float | Fraction, way: Way = Way.NEAREST) -> str:
    """Returns a number with its whole part and four digits more; what has fewer digits is exact.

    Args:
        value: an exact fraction, or a float, which stands for its shortest decimal spelling.
        way: never past the number on the other side: 1/3 up is 0.3334.
    """
    if not isinstance(value, Fraction) and not math.isfinite(value):
        return str(value)
    exact = value if isinstance(value, Fraction) else Fraction(str(value))
    if not exact:
        return "0"
    above, below = Decimal(exact.numerator), Decimal(exact.denominator)
    leading = Context(prec=1, rounding="ROUND_DOWN").divide(above, below).adjusted()
    found = Context(prec=max(DIGITS, leading + 1 + DIGITS), rounding=str(way)).divide(above, below)
    text = format(found, "f") if found.adjusted() >= LEAST_EXPONENT else str(found)
    return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text


def seconds(value: float) -> str:
    """Returns a time with a tenth of a second, without it from ten seconds on; below one, three digits."""
    return (
        f"{value:.0f}" if value >= 10 else f"{value:.3g}" if value < 1 else f"{value:.1f}".removesuffix(".0")
    )


def at_worst(value: float, target: Target | None) -> str:
    """Returns a metric's value rounded to the side on which it is no better; without a target the nearest."""
    if target is None:
        return rounded(value)
    return rounded(value, Way.DOWN if target.at_least is not None else Way.UP)


def at_best(value: float, target: Target) -> str:
    """Returns a bound on all answers' values, rounded to the side on which it promises no less."""
    return rounded(value, Way.UP if target.at_least is not None else Way.DOWN)
