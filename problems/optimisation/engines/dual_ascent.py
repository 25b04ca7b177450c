"""Multipliers that cost a moment: one pass of coordinate ascent on the dual of a MIP.

What a linear program takes minutes for is bounded here at once, more loosely. Row by row the multiplier
goes to where the bound of `problems.optimisation.proofs.model` is largest with all others held: that bound is
concave and piecewise linear in it (Bertsekas 1999, Nonlinear Programming, section 6.3). On clique rows this
is a greedy clique cover, on rows that give everybody one place it is everybody's best place.
"""

import numpy as np

from problems.optimisation.forms.mip import FREE, Mip
from toolbox.arrays.types import Floats


def ascended(mip: Mip) -> Floats:
    """Returns multipliers of the rows, float64 of shape (rows,); rows are taken in their order."""
    matrix, top = mip.matrix, mip.top.astype(float)
    reduced = mip.cost.astype(float)
    duals = np.zeros(mip.rows)
    for row in range(mip.rows):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        columns, entries = matrix.indices[span], matrix.data[span].astype(float)
        for limit, side in ((mip.lower[row], 1.0), (-mip.upper[row], -1.0)):
            if limit in (FREE, -FREE):
                continue
            step = _step(float(limit), side * entries, reduced[columns], top[columns])
            if step > 0:
                duals[row] = side * step
                reduced[columns] -= side * step * entries
                break  # the bound is concave in the multiplier: rising on one side, it falls on the other
    return duals


def _step(limit: float, entries: Floats, reduced: Floats, top: Floats) -> float:
    """How far to go: to the first kink behind which the bound falls; 0 where it falls at once or never."""
    paying = (reduced < 0) | ((reduced == 0) & (entries > 0))
    # the bound's slope at 0: columns of reduced cost below 0 sit at their top, those at 0 that will fall too
    slope = limit - float((top * entries)[paying].sum())
    if slope <= 0:
        return 0.0
    kinks = (entries != 0) & (paying == (entries < 0))
    # a kink is where a reduced cost changes sign and its column its end: the slope falls by top · |entry|
    at = reduced[kinks] / entries[kinks]
    order = np.argsort(at, kind="stable")
    slopes = slope - np.cumsum((top * np.abs(entries))[kinks][order])
    ends = np.flatnonzero(slopes <= 0)
    return float(at[order][ends[0]]) if len(ends) else 0.0
