"""Conformity scores of classes and of levels, and the sets that thresholds on them cut out.

Both sum what a model finds likelier than a label, the label itself left out, so that the likeliest one is in
every set. A set holds the labels whose score is at most the threshold that calibration rows set (see
`conformal.promise`), and so the true one as often as promised, whatever the model is worth.
"""

import numpy as np

from toolbox.arrays.types import Flags, Floats

FREE = 5
PENALTY = 0.01
"""Ranks that cost nothing, and what each further one costs: fixed, so that no row is spent on choosing."""

TIE = 1e-9
"""Difference below which probabilities are equal: no score hangs on the last bits of two of them."""


def adaptive_scores(probabilities: Floats) -> Floats:
    """Returns the probability of all likelier classes, and `PENALTY` for each of them beyond `FREE`.

    Adaptive prediction sets (Romano, Sesia and Candès 2020, NeurIPS 33), regularised (Angelopoulos, Bates,
    Malik and Jordan 2021, ICLR), without the randomisation, which would make a set depend on a coin: where
    the likeliest class is right more often than promised, sets are that class and hold more than promised.

    Args:
        probabilities: of the classes, shape (n, K).

    Returns:
        Shape (n, K); 0 for a row's likeliest class.
    """
    scores = np.empty(probabilities.shape)
    for own in range(probabilities.shape[1]):
        above = probabilities > probabilities[:, own : own + 1] + TIE
        rank = above.sum(axis=1)
        scores[:, own] = np.where(above, probabilities, 0.0).sum(axis=1) + PENALTY * np.maximum(
            0, rank + 1 - FREE
        )
    return scores


def central_scores(probabilities: Floats) -> Floats:
    """Returns the probability between the median and each level, that level left out.

    Distributional conformal prediction (Chernozhukov, Wüthrich and Zhu 2021, PNAS 118:e2107794118) of a
    distribution on levels: scores fall up to the median and rise from there, so that sets have no gap.

    Args:
        probabilities: of the levels, lowest first, shape (n, K).

    Returns:
        Shape (n, K), from 0 to 1/2; 0 for a row's median.
    """
    until = np.cumsum(probabilities, axis=1)
    before = until - probabilities
    return np.asarray(np.clip(np.maximum(before - 0.5, 0.5 - until), 0.0, 0.5), dtype=np.float64)


def within(scores: Floats, thresholds: Floats) -> Flags:
    """Returns the labels whose score is at most their threshold, shape (n, K)."""
    return np.asarray(scores <= thresholds, dtype=np.bool_)


def filled(sets: Flags) -> Flags:
    """Returns sets of levels with the gaps filled that thresholds of their own leave, shape (n, K)."""
    reached = np.maximum.accumulate(sets, axis=1)
    ahead = np.maximum.accumulate(sets[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(reached & ahead, dtype=np.bool_)
