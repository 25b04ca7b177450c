"""Two samples of costs: one-sided tests of 'ours are no lower', and the mean of the best share.

Both tests are exact in level where the samples are exchangeable; ties are no advantage.
"""

from math import prod

import numpy as np

from toolbox.arrays.types import Floats, Ints


def precedence(ours: Ints, others: Ints) -> float:
    """P-value of the strictly best values being all ours (Nelson 1963, Technometrics 5, 140).

    Let k be the number of our N values that are strictly below every one of the M others. Were all
    exchangeable, the k least of N + M would all be ours with probability C(N, k)/C(N + M, k).
    """
    n, m = len(ours), len(others)
    k = int((ours < others.min()).sum())
    return float(prod((n - i) / (n + m - i) for i in range(k)))


def rank_test(ours: Ints, others: Ints) -> float:
    """One-sided p-value by Mann & Whitney's U (1947), Ann. Math. Stat. 18, 50.

    The normal approximation, corrected for ties and for continuity; equal samples give p > 0.5, constant
    ones p = 1.
    """
    from scipy.stats import mannwhitneyu

    if ours.min() == ours.max() == others.min() == others.max():
        return 1.0
    test = mannwhitneyu(ours, others, alternative="less", method="asymptotic", use_continuity=True)
    return float(min(max(test.pvalue, 0.0), 1.0))


def tail_mean(costs: Floats, weights: Floats, share: float) -> float:
    """Mean of the best `share` of the weight: CVaR (Barkoutsos et al. 2020, Quantum 4, 256)."""
    order = np.argsort(costs, kind="stable")
    left = share * weights.sum()
    taken = np.minimum(
        weights[order], np.clip(left - (np.cumsum(weights[order]) - weights[order]), 0.0, None)
    )
    return float(taken @ costs[order] / left)
