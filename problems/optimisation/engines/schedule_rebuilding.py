"""When a schedule's parts are rebuilt optimally, and which: large neighbourhoods that fit their solver.

The size of the parts follows their solver's success, and what they cost is counted by size, not by the clock.
"""

from random import Random
from typing import Any

from problems.optimisation.engines.schedule_moves import (
    random_removal,
    related_removal,
    resource_removal,
    time_removal,
)
from problems.optimisation.engines.schedule_rebuild import Rebuilder
from problems.optimisation.engines.schedule_state import ScheduleState, schedule_of
from problems.optimisation.model.models import Appointments

LOOKS_PER_S = 200_000
"""How often an ordinary core looks for possible starts in a second, the rest of the search included."""
_LOOKS_A_PART, _SQUARE_A_LOOK = 15_000, 625
"""What a part costs in any case, and how many of its columns, squared, as much as one look: 0.15 s for 3000
columns, 0.35 s for 6000."""
_MOST_COLUMNS = 6_000
"""Parts do not grow beyond: some would take many seconds before their first branch."""
_FIRST = LOOKS_PER_S
"""Looks of search before the first part is rebuilt."""
_SHARE = 3
"""Effort for parts over that for search."""
_LEAST_S = 0.2
"""With less time left than this, no part is begun."""
_PARTS = (time_removal, time_removal, related_removal, resource_removal, random_removal)


class Rebuilding:
    """Rebuilds parts of schedules of one instance.

    Attributes:
        looks: effort spent, in the search's unit.
    """

    def __init__(self, model: Appointments) -> None:
        self.looks = 0
        self._model = model
        self._rebuilder: Rebuilder | None = None
        self._count = 30.0
        self._parts = self._better = 0

    def due(self, looks: int) -> bool:
        """Whether it is this one's turn, after so many looks of search."""
        return self.looks < _SHARE * (looks - _FIRST)

    def step(self, schedule: ScheduleState, random: Random, left_s: float) -> ScheduleState | None:
        """Rebuilds one part; returns the schedule that came of it, at most as dear, or None."""
        self._rebuilder = self._rebuilder or Rebuilder(self._model)
        if left_s < _LEAST_S:
            self.looks += LOOKS_PER_S
            return None
        part = self._choose(schedule, random)
        found = self._rebuilder.rebuild(schedule.point(), part, left_s)
        self.looks += _LOOKS_A_PART + found.columns**2 // _SQUARE_A_LOOK
        grows = found.solved and found.columns < _MOST_COLUMNS
        self._count = max(10.0, self._count * (1.02 if grows else 0.9))
        self._parts += 1
        if found.point is None:
            return None
        better = schedule_of(schedule.clinic, found.point)
        self._better += better.cost < schedule.cost
        return better

    def notes(self) -> dict[str, Any]:
        """Counts, and how large parts are now."""
        return {"parts": self._parts, "parts_better": self._better, "part_patients": round(self._count)}

    def _choose(self, schedule: ScheduleState, random: Random) -> list[int]:
        """Treated patients, and a quarter who are not treated."""
        untreated = schedule.untreated()
        count = int(self._count)
        others = random.sample(untreated, min(count // 4, len(untreated)))
        if len(others) == schedule.clinic.size:
            return others
        return others + random.choice(_PARTS)(schedule, count - len(others), random)
