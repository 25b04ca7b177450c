"""Adaptive large neighbourhood search for appointments: take some out, put them back better.

Ropke & Pisinger 2006, Transportation Science 40, 455: removals and insertions are drawn by weights that
follow their success, a worse schedule is kept as simulated annealing would. Annealing runs in rounds, each
longer than the one before and begun from the best schedule, so that no length need be known beforehand. In
between, parts of the best schedule are rebuilt optimally (`schedule_rebuilding`).
"""

from random import Random
from typing import Any, ClassVar

from problems.optimisation.engines.base import Board, Unsuitable
from problems.optimisation.engines.roulette import BEST, BETTER, KEPT, LOST, Roulette
from problems.optimisation.engines.rounds import Rounds
from problems.optimisation.engines.schedule_moves import (
    INSERTIONS,
    REMOVALS,
    compact,
    greedy_insertion,
    regret_insertion,
)
from problems.optimisation.engines.schedule_rebuilding import LOOKS_PER_S, Rebuilding
from problems.optimisation.engines.schedule_state import Schedule, prepare, schedule_of
from problems.optimisation.models import Appointments, Model

_PAUSE = 400
"""Looks between two questions to the board: some milliseconds."""
_MOST = 15
"""Patients taken out at once, at most."""
_HOT = 5e-3
"""First temperature, as a share of the cost."""


class ScheduleSearch:
    """Searches schedules; gives no bound."""

    name: ClassVar[str] = "schedule_search"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Appointments):
            raise Unsuitable(f"{self.name} treats appointments, not {model.kind}")
        self._random = Random(seed)
        self._removals = Roulette(REMOVALS)
        self._insertions = Roulette(INSERTIONS)
        self._clinic = prepare(model)
        self._rebuilding = Rebuilding(model)
        self._now = Schedule(self._clinic)
        self._best = self._now
        self._rounds = Rounds(_HOT)
        self._looks = self._taken = 0

    def run(self, board: Board, effort_s: float) -> bool:
        """Searches on, from the board's schedule where that is better; always has more to give."""
        if self._looks == 0:
            self._construct()
            self._offer(board)
        until = self._looks + self._rebuilding.looks + max(1, int(effort_s * LOOKS_PER_S))
        while not board.stop() and self._looks + self._rebuilding.looks < until:
            self._adopt(board)
            before = self._best.cost
            if self._rebuilding.due(self._looks) and self._best.complete:
                self._rebuild(board)
            else:
                pause = self._looks + _PAUSE
                while self._looks < pause:
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
            **self._rebuilding.notes(),
            "removals": self._removals.shares(),
            "insertions": self._insertions.shares(),
        }

    def _construct(self) -> None:
        for insertion in (greedy_insertion, regret_insertion):
            schedule = Schedule(self._clinic)
            self._looks += insertion(schedule, list(range(self._clinic.size)), self._random)
            if schedule.cost < self._best.cost:
                self._now = self._best = schedule

    def _rebuild(self, board: Board) -> None:
        better = self._rebuilding.step(self._best, self._random, board.left_s())
        if better is not None:
            self._now = better
            self._best = better if better.cost < self._best.cost else self._best

    def _adopt(self, board: Board) -> None:
        if board.point is not None and board.cost is not None and board.cost < self._best.cost:
            self._now = self._best = schedule_of(self._clinic, board.point)
            self._taken += 1

    def _offer(self, board: Board) -> None:
        if self._best.complete and (board.cost is None or self._best.cost < board.cost):
            board.offer(self._best.point(), self.name)

    def _iterate(self) -> None:
        random, trial = self._random, self._now.copy()
        removal, removing = self._removals.draw(random)
        insertion, inserting = self._insertions.draw(random)
        out, count = trial.untreated(), self._count()
        if len(out) < self._clinic.size:
            taken = removal(trial, count, random)
            for patient in taken:
                trial.remove(patient)
            out = random.sample(out, min(count, len(out))) + taken
        self._looks += len(out) + insertion(trial, out, random)
        merit = self._judge(trial)
        self._removals.reward(removing, merit)
        self._insertions.reward(inserting, merit)
        if self._rounds.tick():
            self._now = self._best

    def _count(self) -> int:
        most = max(4, min(_MOST, self._clinic.size // 4))
        return self._random.randint(min(3, self._clinic.size), most)

    def _judge(self, trial: Schedule) -> float:
        """Keeps the trial or not, and tells what it was worth."""
        change = trial.cost - self._now.cost
        if not self._rounds.keeps(change, self._best.cost, self._random):
            return LOST
        self._now = trial
        if trial.cost < self._best.cost:
            self._looks += compact(trial, self._random)
            self._best = trial
            return BEST
        return BETTER if change < 0 else KEPT if change else LOST
