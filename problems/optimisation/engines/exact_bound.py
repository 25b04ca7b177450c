"""What multipliers of a MIP's rows prove, in exact arithmetic.

Weak duality with bounded variables, as `problems.optimisation.proofs.model` states it (Neumaier & Shcherbina
2004, Math. Program. 99, 283). Real multipliers are rounded to multiples of 2**-shift first: that costs
a little strength, and the bound claimed is the bound proven.
"""

from dataclasses import dataclass

import numpy as np

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.proofs.model import Proof
from toolbox.arrays.types import Floats

SHIFTS = (32, 24, 16, 8, 0)
"""Binary digits of multipliers behind the point: as many as fit."""
_MOST = 2**62
"""Sums below this stay exact in 64 bits."""


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Multipliers of the rows, as integers times 2**-shift, and the bound that they prove."""

    duals: Ints
    shift: int
    bound: int

    def proof(self) -> Proof:
        """Returns the bound with its proof."""
        data = {"shift": self.shift, "duals": self.duals.tolist()}
        return Proof("mip_dual", self.bound, data)


def multipliers(mip: Mip, duals: Floats, shift: int) -> Multipliers:
    """Rounds real multipliers, one a row, and proves what they give.

    A multiplier that points at a limit that its row does not have is set to 0.

    Raises:
        OverflowError: where the exact sum would not fit 64 bits.
    """
    with np.errstate(invalid="ignore"):
        scaled = np.rint(np.nan_to_num(duals) * 2.0**shift)
    if np.abs(scaled).max(initial=0.0) >= _MOST:
        raise OverflowError("a multiplier is too large for 64 bits")
    whole = scaled.astype(np.int64)
    whole[(whole > 0) & (mip.lower == -FREE)] = 0
    whole[(whole < 0) & (mip.upper == FREE)] = 0
    return Multipliers(whole, shift, _rounded_up(_scaled_bound(mip, whole, shift), shift))


def best_multipliers(mip: Mip, duals: Floats) -> Multipliers | None:
    """Rounds real multipliers with as many binary digits as fit; None where not even whole numbers do."""
    for shift in SHIFTS:
        try:
            return multipliers(mip, duals, shift)
        except OverflowError:
            continue
    return None


def _scaled_bound(mip: Mip, whole: Ints, shift: int) -> int:
    """The bound times 2**shift."""
    _guard(mip, whole, shift)
    limit = np.where(whole > 0, mip.lower, mip.upper)
    used = whole != 0
    rows = int((whole[used].astype(object) * limit[used].astype(object)).sum())
    reduced = (mip.cost << shift) - mip.transposed @ whole
    paid = np.minimum(reduced, 0)
    columns = sum(int(each) for each in paid * mip.top)
    return (mip.offset << shift) + rows + columns


def _guard(mip: Mip, whole: Ints, shift: int) -> None:
    """Refuses what 64 bits might not hold, by limits on sums in floating point with room to spare."""
    each = np.abs(mip.cost.astype(float)) * 2.0**shift
    each += abs(mip.transposed).astype(float) @ np.abs(whole.astype(float))
    if (each * mip.top).max(initial=0.0) >= _MOST:
        raise OverflowError("reduced costs may not fit 64 bits")


def _rounded_up(scaled: int, shift: int) -> int:
    """Costs are integers: the least one that is not below."""
    return -(-scaled >> shift)
