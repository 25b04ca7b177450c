"""Adaptive large neighbourhood search: take some patients out, put them back better.

Ropke & Pisinger 2006, Transportation Science 40, 455: removals and insertions are drawn by weights that
follow their success, a worse answer is kept as simulated annealing would. Annealing runs in rounds, each
longer than the one before and begun from the best answer, so that no length need be known beforehand.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from problems.optimisation.engines.base import Incumbent
from problems.optimisation.engines.roulette import BEST, BETTER, KEPT, LOST, Roulette
from problems.optimisation.engines.rounds import Rounds
from problems.optimisation.model.points import Point


class MutableAnswer(Protocol):
    """A schedule or a placement, which moves change in place."""

    cost: int

    @property
    def complete(self) -> bool:
        """Whether everybody who must be served is."""

    def copy(self) -> Self: ...

    def remove(self, patient: int) -> None: ...

    def point(self) -> Point: ...


A = TypeVar("A", bound=MutableAnswer)


class NeighbourhoodSearch(ABC, Generic[A]):
    """What the searches of schedules and of placements share; effort is counted in what insertions look at.

    Args:
        start: an answer that serves nobody.
        removals: choose about so many patients to take out.
        insertions: put patients back in; they return what they looked at.
        seed: of all chance.
    """

    name: ClassVar[str]
    deterministic: ClassVar[bool] = True
    looks_per_s: ClassVar[int]
    """Of an ordinary core, the rest of the search included."""
    pause: ClassVar[int]
    """Looks between two questions to the board: some milliseconds."""
    hot: ClassVar[float]
    """First temperature, as a share of the cost."""

    def __init__(
        self,
        start: A,
        removals: tuple[Callable[[A, int, Random], list[int]], ...],
        insertions: tuple[Callable[[A, list[int], Random], int], ...],
        seed: int,
    ) -> None:
        self._random = Random(seed)
        self._removals, self._insertions = Roulette(removals), Roulette(insertions)
        self._rounds = Rounds(self.hot)
        self._now = self._best = start
        self._looks = self._taken = 0

    @abstractmethod
    def _construct(self) -> None:
        """Makes the first answer."""

    @abstractmethod
    def _read(self, point: Point) -> A:
        """An answer of the board's point."""

    @abstractmethod
    def _out(self, trial: A) -> tuple[int, list[int]]:
        """How many to take out of a trial, and who is outside already and is put in with them."""

    def _spent(self) -> int:
        """All looks so far."""
        return self._looks

    def _step(self, incumbent: Incumbent) -> None:
        """Searches until the board is to be asked again."""
        pause = self._looks + self.pause
        while self._looks < pause:
            self._iterate()

    def _polish(self, trial: A) -> None:
        """Improves an answer that is the best one so far."""

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Searches on, from the board's answer where that is better; always has more to give."""
        if self._looks == 0:
            self._construct()
            self._offer(incumbent)
        until = self._spent() + max(1, int(effort_s * self.looks_per_s))
        while not incumbent.stop() and self._spent() < until:
            self._adopt(incumbent)
            before = self._best.cost
            self._step(incumbent)
            if self._best.cost < before:
                self._offer(incumbent)
        self._offer(incumbent)
        return True

    def notes(self) -> dict[str, Any]:
        """Counts, and how the moves fared."""
        return {
            "iterations": self._rounds.iterations,
            "rounds": self._rounds.finished,
            "from_others": self._taken,
            "removals": self._removals.shares(),
            "insertions": self._insertions.shares(),
        }

    def _adopt(self, incumbent: Incumbent) -> None:
        if incumbent.point is not None and incumbent.cost is not None and incumbent.cost < self._best.cost:
            self._now = self._best = self._read(incumbent.point)
            self._taken += 1

    def _offer(self, incumbent: Incumbent) -> None:
        if self._best.complete and (incumbent.cost is None or self._best.cost < incumbent.cost):
            incumbent.offer(self._best.point(), self.name)

    def _iterate(self) -> None:
        random, trial = self._random, self._now.copy()
        removal, removing = self._removals.draw(random)
        insertion, inserting = self._insertions.draw(random)
        count, out = self._out(trial)
        taken = removal(trial, count, random) if count else []
        for patient in taken:
            trial.remove(patient)
        out += taken
        self._looks += len(out) + insertion(trial, out, random)
        merit = self._judge(trial)
        self._removals.reward(removing, merit)
        self._insertions.reward(inserting, merit)
        if self._rounds.tick():
            self._now = self._best

    def _judge(self, trial: A) -> float:
        """Keeps the trial or not, and tells what it was worth."""
        change = trial.cost - self._now.cost
        if not self._rounds.keeps(change, self._best.cost, self._random):
            return LOST
        self._now = trial
        if trial.cost < self._best.cost:
            self._polish(trial)
            self._best = trial
            return BEST
        return BETTER if change < 0 else KEPT if change else LOST
