"""A small ensemble: how much each member counts and how sure their mean may be, from out-of-fold rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from toolbox.arrays.types import Floats

STEPS = 12
"""Members are drawn this often: weights are twelfths."""

GAIN = 1e-3
"""Share of the best member's loss that more draws must take off, or the weights stay."""

TEMPERATURES = tuple(float(each) for each in np.round(np.geomspace(0.5, 2.5, 17), 4))


@dataclass(frozen=True)
class Weights:
    """What a greedy selection came to.

    Attributes:
        shares: of each member, summing to 1.
        loss: of the mean.
    """

    shares: tuple[float, ...]
    loss: float


def greedy_weights(said: Sequence[Floats], loss: Callable[[Floats], float]) -> Weights:
    """Draws members with replacement, each time the one that makes the mean best.

    Source: Caruana et al., "Ensemble selection from libraries of models", ICML 2004. It begins with the best
    member, so that its mean is never worse than that on these rows.

    Args:
        said: out-of-fold predictions of each member, of equal shape.
        loss: of predictions; less is better.
    """
    counts = np.zeros(len(said))
    total = np.zeros_like(said[0])
    best, kept, needed = float("inf"), counts, 0.0
    for step in range(1, STEPS + 1):
        losses = [loss((total + each) / step) for each in said]
        choice = int(np.argmin(losses))
        total = total + said[choice]
        counts = counts + np.eye(len(said))[choice]
        if losses[choice] < best - needed or step == 1:
            best, kept = losses[choice], counts
            needed = needed or GAIN * abs(best)
    return Weights(tuple(float(each) for each in kept / kept.sum()), best)


def temperature(loss: Callable[[float], float]) -> float:
    """Returns the temperature of least loss among `TEMPERATURES`, 1 where none is better than that.

    Args:
        loss: log loss as a function of it.
    """
    losses = [loss(each) for each in TEMPERATURES]
    best = TEMPERATURES[int(np.argmin(losses))]
    return best if min(losses) < loss(1.0) else 1.0
