"""Simulated annealing in rounds, each twice as long as the one before, so that no length need be known.

Kirkpatrick, Gelatt & Vecchi 1983, Science 220, 671; geometric cooling within a round.
"""

from math import exp
from random import Random

_FIRST_ROUND = 3_000
"""Iterations."""
_COOLING = 0.02
"""The temperature at which a round ends over that at which it begins."""


class Rounds:
    """Says what is kept, and when to begin anew from the best.

    Args:
        hot: the temperature at which a round begins, as a share of the best cost.

    Attributes:
        iterations: how many were counted.
        finished: rounds that are over.
    """

    def __init__(self, hot: float) -> None:
        self._hot = hot
        self.iterations = self.finished = 0
        self._begin, self._length = 0, _FIRST_ROUND

    def keeps(self, change: int, best: int, random: Random) -> bool:
        """Whether an answer that costs so much more than the present one is kept; `best` is the best cost."""
        return change <= 0 or random.random() < exp(-change / self._temperature(best))

    def tick(self) -> bool:
        """Counts an iteration; returns whether a round is over with it."""
        self.iterations += 1
        if self.iterations - self._begin < self._length:
            return False
        self.finished += 1
        self._begin, self._length = self.iterations, self._length * 2
        return True

    def _temperature(self, best: int) -> float:
        done = (self.iterations - self._begin) / self._length
        return float(max(abs(best), 1) * self._hot * _COOLING**done)
