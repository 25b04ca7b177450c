"""Bounds of the mean of bounded values, which hold for every distribution and every number of rows.

Of unbounded values nothing of the kind exists: whatever was seen, a value that is too rare to be drawn may
move the mean at will (Bahadur and Savage 1956, Annals of Mathematical Statistics 27:1115).
"""

from math import log, sqrt

import numpy as np

from toolbox.arrays.types import Floats, Index, Ints
from toolbox.stats.bounds import Bound, hoeffding_upper
from toolbox.stats.groups import kish_size

MOST_BET = 0.75
"""Share of the capital that is risked at most on one row (Waudby-Smith and Ramdas advise 1/2 or 3/4)."""
GRID = 64  # means that are tried before the bound is narrowed down between two of them
STEPS = 40  # halvings


def betting_upper(losses: Floats, alpha: float) -> float:
    """Returns the upper bound of the mean of independent losses in [0, 1] by betting; exact.

    Waudby-Smith and Ramdas (2024), JRSS B 86:1, theorem 3, one side: whoever bets against the mean m on one
    row after the other multiplies the stake by 1/α with probability α at most, if m is the mean (Ville). The
    bound is the largest mean that is not ruled out so. It adapts to the spread of the losses as that of
    Maurer and Pontil does, without their additive term. It rests on an order of the rows that does not depend
    on their losses: rows in order of time may drift, so they are taken in one that is drawn.

    Args:
        losses: shape (rows,), one at least.
        alpha: error allowed.
    """
    losses = losses[drawn_order(len(losses))]
    stakes, limit = _stakes(losses, alpha), log(1 / alpha)

    def ruled_out(mean: float) -> bool:
        bets = np.minimum(stakes, MOST_BET / max(1 - mean, 1e-12))
        return bool(np.cumsum(np.log1p(bets * (mean - losses))).max() >= limit)

    grid = np.linspace(float(losses.mean()), 1.0, GRID)
    held = [place for place, mean in enumerate(grid) if not ruled_out(float(mean))]
    last = held[-1] if held else 0
    if last == GRID - 1:
        return 1.0
    low, high = float(grid[last]), float(grid[last + 1])
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if ruled_out(middle) else (middle, high)
    return high


def drawn_order(rows: int) -> Index:
    """Returns an order of so many rows that depends on nothing else, shape (rows,)."""
    return np.random.default_rng(rows).permutation(rows)


def _stakes(losses: Floats, alpha: float) -> Floats:
    """The predictable plug-in bets of their equation 26, each from the rows before its own."""
    seen = np.arange(1, len(losses) + 1)
    means = (0.5 + np.cumsum(losses)) / (seen + 1)
    variances = (0.25 + np.cumsum((losses - means) ** 2)) / (seen + 1)
    before = np.r_[0.25, variances[:-1]]
    return np.asarray(np.sqrt(2 * log(1 / alpha) / (len(losses) * before)), dtype=np.float64)


def mean_upper(losses: Floats, groups: Ints, alpha: float, most: float = 1.0) -> Bound:
    """Bounds the mean of losses in [0, most] from above: exact.

    Independent rows by betting; rows in groups by Hoeffding's theorem 2 with Kish's size, which allows for
    groups that repeat one loss entirely.

    Args:
        losses: shape (rows,).
        groups: whole numbers; rows of one number depend on each other, shape (rows,).
        alpha: error allowed.
        most: the largest loss there can be, known before any row was seen.
    """
    shares = np.clip(losses / most, 0.0, 1.0)
    estimate = float(np.mean(losses))
    if independent(groups):
        upper = betting_upper(shares, alpha)
        return Bound(estimate, most * upper, "betting (Waudby-Smith and Ramdas), exact for bounded losses")
    upper = hoeffding_upper(shares, kish_size(groups), alpha)
    return Bound(estimate, most * upper, "Hoeffding, exact for bounded losses" + grouped(groups))


def mean_lower(values: Floats, groups: Ints, alpha: float, most: float = 1.0) -> Bound:
    """Bounds the mean of values in [0, most] from below; see `mean_upper`."""
    found = mean_upper(most - values, groups, alpha, most)
    return Bound(most - found.estimate, most - found.value, found.method)


def hoeffding_margin(groups: Ints, alpha: float) -> float:
    """Returns how far the mean of values in [0, 1] may be off on one side (1963, theorem 2, Kish's size)."""
    return sqrt(log(1 / alpha) / (2 * kish_size(groups)))


def independent(groups: Ints) -> bool:
    """Tells whether every row is a group of its own."""
    return len(np.unique(groups)) == len(groups)


def grouped(groups: Ints) -> str:
    """What a method says of groups of dependent rows; nothing where there are none."""
    if independent(groups):
        return ""
    return f"; {len(np.unique(groups))} groups of dependent rows, worth {kish_size(groups):.1f} rows (Kish)"
