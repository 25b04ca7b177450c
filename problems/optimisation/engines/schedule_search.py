"""Large neighbourhood search for appointments; in between, parts of the best schedule are rebuilt optimally.

See `neighbourhoods` for the search and `schedule_rebuilding` for the parts.
"""

from typing import Any, ClassVar

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.neighbourhoods import NeighbourhoodSearch
from problems.optimisation.engines.schedule_moves import (
    INSERTIONS,
    REMOVALS,
    compact,
    greedy_insertion,
    regret_insertion,
)
from problems.optimisation.engines.schedule_rebuilding import LOOKS_PER_S, Rebuilding
from problems.optimisation.engines.schedule_state import ScheduleState, prepare, schedule_of
from problems.optimisation.model.models import Appointments, Model
from problems.optimisation.model.points import Point

_MOST = 15
"""Patients taken out at once, at most."""


class ScheduleSearch(NeighbourhoodSearch[ScheduleState]):
    """Searches schedules; gives no bound."""

    name: ClassVar[str] = "schedule_search"
    looks_per_s: ClassVar[int] = LOOKS_PER_S
    pause: ClassVar[int] = 400
    hot: ClassVar[float] = 5e-3

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Appointments):
            raise Unsuitable(f"{self.name} treats appointments, not {model.kind}")
        self._clinic = prepare(model)
        self._rebuilding = Rebuilding(model)
        super().__init__(ScheduleState(self._clinic), REMOVALS, INSERTIONS, seed)

    def notes(self) -> dict[str, Any]:
        """Counts, and how the moves and the rebuilding fared."""
        return {**super().notes(), **self._rebuilding.notes()}

    def _construct(self) -> None:
        for insertion in (greedy_insertion, regret_insertion):
            schedule = ScheduleState(self._clinic)
            self._looks += insertion(schedule, list(range(self._clinic.size)), self._random)
            if schedule.cost < self._best.cost:
                self._now = self._best = schedule

    def _spent(self) -> int:
        return self._looks + self._rebuilding.looks

    def _step(self, incumbent: Incumbent) -> None:
        if not (self._rebuilding.due(self._looks) and self._best.complete):
            super()._step(incumbent)
            return
        better = self._rebuilding.step(self._best, self._random, incumbent.left_s())
        if better is not None:
            self._now = better
            self._best = better if better.cost < self._best.cost else self._best

    def _read(self, point: Point) -> ScheduleState:
        return schedule_of(self._clinic, point)

    def _out(self, trial: ScheduleState) -> tuple[int, list[int]]:
        """Of those who are not treated, as many are put in as are taken out."""
        most = max(4, min(_MOST, self._clinic.size // 4))
        count, out = self._random.randint(min(3, self._clinic.size), most), trial.untreated()
        if len(out) == self._clinic.size:
            return 0, out
        return count, self._random.sample(out, min(count, len(out)))

    def _polish(self, trial: ScheduleState) -> None:
        self._looks += compact(trial, self._random)
