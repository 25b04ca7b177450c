"""Shares as people read them: of a hundred, never rounded so that they look better than they are."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from escalation.model.problem import Target

MOST_DIGITS = 4
"""Behind the point."""


def of_100(share: float, target: Target) -> str:
    """Returns a share that the target's metric has, in hundredths: `97`, `97.1` where 97.05 is asked for.

    As few digits as tell it from the target: what reaches it does so as it is shown.
    """
    way = ROUND_FLOOR if target.at_least is not None else ROUND_CEILING
    exact = 100 * Decimal(str(share))
    for digits in range(MOST_DIGITS):
        shown = exact.quantize(Decimal(1).scaleb(-digits), way)
        if target.reached_by(float(shown / 100)) == target.reached_by(share):
            return format(shown, "f")
    return format(exact.quantize(Decimal(1).scaleb(-MOST_DIGITS), way), "f")
