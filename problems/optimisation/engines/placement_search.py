"""Adaptive large neighbourhood search for triage, an assignment with several capacities and cohorts.

As `schedule_search` (Ropke & Pisinger 2006, Transportation Science 40, 455): patients are taken out of their
places and put back in another order, moves are drawn by their success, annealing decides what is kept.
"""

from random import Random
from typing import Any, ClassVar

from problems.optimisation.engines.base import Board, Unsuitable
from problems.optimisation.engines.placement_moves import INSERTIONS, REMOVALS, greedy_insertion
from problems.optimisation.engines.placement_state import Placement, placement_of, prepare_ward
from problems.optimisation.engines.roulette import BEST, BETTER, KEPT, LOST, Roulette
from problems.optimisation.engines.rounds import Rounds
from problems.optimisation.models import Model, Triage

TRIES_PER_S = 100_000
"""How often an ordinary core tries to place a patient in a second, the rest of the search included."""
_PAUSE = 1000
"""Tries between two questions to the board: some milliseconds."""
_MOST = 8
"""Patients taken out at once, at most."""
_HOT = 1e-3
"""First temperature, as a share of the cost."""


class PlacementSearch:
    """Searches placements; gives no bound."""

    name: ClassVar[str] = "placement_search"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Triage):
            raise Unsuitable(f"{self.name} treats triage, not {model.kind}")
        self._random = Random(seed)
        self._removals, self._insertions = Roulette(REMOVALS), Roulette(INSERTIONS)
        self._ward = prepare_ward(model)
        self._now = self._best = Placement(self._ward)
        self._rounds = Rounds(_HOT)
        self._tries = self._taken = 0

    def run(self, board: Board, effort_s: float) -> bool:
        """Searches on, from the board's placement where that is better; always has more to give."""
        until = self._tries + max(1, int(effort_s * TRIES_PER_S))
        if self._tries == 0:
            self._construct()
            self._offer(board)
        while not board.stop() and self._tries < until:
            self._adopt(board)
            before, pause = self._best.cost, self._tries + _PAUSE
            while self._tries < pause:
                self._iterate()
            if self._best.cost < before:
                self._offer(board)
        self._offer(board)
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

    def _construct(self) -> None:
        placement = Placement(self._ward)
        self._tries += greedy_insertion(placement, list(range(self._ward.model.size)), self._random)
        self._now = self._best = placement

    def _adopt(self, board: Board) -> None:
        if board.point is not None and board.cost is not None and board.cost < self._best.cost:
            self._now = self._best = placement_of(self._ward, board.point)
            self._taken += 1

    def _offer(self, board: Board) -> None:
        if self._best.complete and (board.cost is None or self._best.cost < board.cost):
            board.offer(self._best.point(), self.name)

    def _iterate(self) -> None:
        random, trial = self._random, self._now.copy()
        removal, removing = self._removals.draw(random)
        insertion, inserting = self._insertions.draw(random)
        out, count = trial.waiting(), random.randint(1, _MOST)
        if len(out) < self._ward.model.size:
            taken = removal(trial, count, random)
            for patient in taken:
                trial.remove(patient)
            out += taken
        self._tries += len(out) + insertion(trial, out, random)
        merit = self._judge(trial)
        self._removals.reward(removing, merit)
        self._insertions.reward(inserting, merit)
        if self._rounds.tick():
            self._now = self._best

    def _judge(self, trial: Placement) -> float:
        """Keeps the trial or not, and tells what it was worth."""
        change = trial.cost - self._now.cost
        if not self._rounds.keeps(change, self._best.cost, self._random):
            return LOST
        self._now = trial
        if trial.cost < self._best.cost:
            self._best = trial
            return BEST
        return BETTER if change < 0 else KEPT if change else LOST
