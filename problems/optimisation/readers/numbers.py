"""Numbers as the user writes them into the integers that costs are made of; nothing is rounded."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from escalation.inputs.document import shown
from escalation.model.errors import BadInput

LIMIT = 2**50
"""The sum of absolute coefficients stays below it, so that solvers in float64 are exact."""
MOST_DECIMALS = 12


def scaled(value: str | float, decimals: int, where: str) -> int:
    """Returns value * 10**decimals, which must be an integer.

    Args:
        value: as written, or a float, which means the shortest decimal that reads back to it.
        decimals: as stated in the problem file.
        where: the place, for complaints.

    Raises:
        BadInput: when it is no number, or has more decimals than stated.
    """
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise BadInput(f"{where}: expected a number, got {shown(value, quoted=True)}") from None
    if not exact.is_finite():
        raise BadInput(f"{where}: expected a finite number, got {shown(value, quoted=True)}")
    if not exact:
        return 0  # int() would write out the exponent of 0e999999999
    if exact.adjusted() + decimals >= 16:
        raise BadInput(
            f"{where}: {shown(value)} overflows: coefficients must stay below 2**50 units together"
        )
    present = 0 if exact == exact.to_integral_value() else _decimals(exact)
    if present > decimals:
        advice = (
            f"write decimals: {present}"
            if present <= MOST_DECIMALS
            else f"round it to {MOST_DECIMALS} decimals or fewer yourself"
        )
        raise BadInput(
            f"{where}: expected at most {decimals} decimals, got {shown(value)}: {advice} "
            "(nothing is rounded here)"
        )
    return int(exact.scaleb(decimals))


def _decimals(exact: Decimal) -> int:
    """Decimals of a fraction; counted, since arithmetic on decimals rounds to 28 digits."""
    _, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    return -exponent - (len(text) - len(text.rstrip("0")))


def refuse_overflow(coefficients: Iterable[int], where: str) -> None:
    """Raises `BadInput` unless the sum of absolute coefficients stays below 2**50."""
    total = sum(map(abs, coefficients))
    if total >= LIMIT:
        raise BadInput(
            f"{where}: weights overflow: their absolute sum is {total} units, expected below 2**50; "
            "use larger units or fewer decimals"
        )
