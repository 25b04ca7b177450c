"""Bounds of a share that hold at every look at once, however often one looks and whenever one stops.

The likelihood ratio of a share drawn uniformly at random against a fixed one is a martingale where the fixed
one is true, so it is ever above 1/α with probability α at most (Ville's inequality). The shares against which
it is not are a confidence sequence: H. Robbins, Annals of Mathematical Statistics 41 (1970) 1397-1409; in
this form S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, Annals of Statistics 49 (2021) 1055-1080.
"""

from collections.abc import Callable
from math import lgamma, log

_STEPS = 60


def share_bounds(hits: int, count: int, alpha: float) -> tuple[float, float]:
    """The least and the largest share that `hits` of `count` leave possible.

    Args:
        hits: how many of them had it, 0 to `count`.
        count: how many there were, in the order in which they came.
        alpha: probability that the bounds ever leave the true share out, at any of all looks.
    """
    if count == 0:
        return 0.0, 1.0
    mixture = lgamma(hits + 1) + lgamma(count - hits + 1) - lgamma(count + 2)

    def excluded(share: float) -> bool:
        return mixture - _log_likelihood(hits, count, share) >= -log(alpha)

    middle = hits / count
    low = _edge(excluded, 0.0, middle) if hits else 0.0
    return low, _edge(excluded, 1.0, middle) if hits < count else 1.0


def _log_likelihood(hits: int, count: int, share: float) -> float:
    had = hits * log(share) if hits else 0.0
    return had + ((count - hits) * log(1 - share) if hits < count else 0.0)


def _edge(excluded: Callable[[float], bool], outside: float, inside: float) -> float:
    """Where exclusion ends between the two, rounded outward; the outer end is excluded or none is."""
    for _ in range(_STEPS):
        half = (outside + inside) / 2
        if half in (0.0, 1.0):
            break
        outside, inside = (half, inside) if excluded(half) else (outside, half)
    return outside
