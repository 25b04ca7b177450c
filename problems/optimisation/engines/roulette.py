"""Drawing moves by weights that follow their success.

Ropke & Pisinger 2006, section 3.4: the weight of a move is smoothed towards the merit that it had on average
over the last stretch of iterations.
"""

from random import Random
from typing import Generic, TypeVar

Move = TypeVar("Move")

BEST, BETTER, KEPT, LOST = 33.0, 9.0, 3.0, 0.0
"""Merits: a new best answer, one better than the present, another that is kept, and any that is not."""
_STRETCH = 100
"""Iterations after which weights are set anew."""
_REACTION = 0.1
_LEAST = 0.2
"""No move's weight falls below this, so that each is still tried."""


class Roulette(Generic[Move]):
    """Moves with weights."""

    def __init__(self, moves: tuple[Move, ...]) -> None:
        self._moves = moves
        self._weights = [1.0] * len(moves)
        self._merit = [0.0] * len(moves)
        self._drawn = [0] * len(moves)
        self._since = 0

    def draw(self, random: Random) -> tuple[Move, int]:
        """Returns a move and its index."""
        pick = random.random() * sum(self._weights)
        for index, weight in enumerate(self._weights):
            pick -= weight
            if pick < 0:
                return self._moves[index], index
        return self._moves[-1], len(self._moves) - 1

    def reward(self, index: int, merit: float) -> None:
        """Counts a move that was drawn, and what it was worth."""
        self._drawn[index] += 1
        self._merit[index] += merit
        self._since += 1
        if self._since >= _STRETCH:
            self._renew()

    def _renew(self) -> None:
        for index, (merit, drawn) in enumerate(zip(self._merit, self._drawn, strict=True)):
            if drawn:
                smoothed = (1 - _REACTION) * self._weights[index] + _REACTION * merit / drawn
                self._weights[index] = max(_LEAST, smoothed)
        self._merit, self._drawn, self._since = [0.0] * len(self._moves), [0] * len(self._moves), 0

    def shares(self) -> dict[str, float]:
        """Each move's probability, rounded, by name."""
        total = sum(self._weights)
        names = (str(getattr(move, "__name__", move)) for move in self._moves)
        return {name: round(w / total, 3) for name, w in zip(names, self._weights, strict=True)}
