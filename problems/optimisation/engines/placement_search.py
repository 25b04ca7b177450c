"""Large neighbourhood search for triage, an assignment with several capacities and cohorts."""

from typing import ClassVar

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.neighbourhoods import NeighbourhoodSearch
from problems.optimisation.engines.placement_moves import INSERTIONS, REMOVALS, greedy_insertion
from problems.optimisation.engines.placement_state import PlacementState, placement_of, prepare_ward
from problems.optimisation.model.models import Model, Triage
from problems.optimisation.model.points import Point

_MOST = 8
"""Patients taken out at once, at most."""


class PlacementSearch(NeighbourhoodSearch[PlacementState]):
    """Searches placements; gives no bound."""

    name: ClassVar[str] = "placement_search"
    looks_per_s: ClassVar[int] = 100_000
    pause: ClassVar[int] = 1000
    hot: ClassVar[float] = 1e-3

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Triage):
            raise Unsuitable(f"{self.name} treats triage, not {model.kind}")
        self._ward = prepare_ward(model)
        super().__init__(PlacementState(self._ward), REMOVALS, INSERTIONS, seed)

    def _construct(self) -> None:
        placement = PlacementState(self._ward)
        self._looks += greedy_insertion(placement, list(range(self._ward.model.size)), self._random)
        self._now = self._best = placement

    def _read(self, point: Point) -> PlacementState:
        return placement_of(self._ward, point)

    def _out(self, trial: PlacementState) -> tuple[int, list[int]]:
        """Everybody who waits is put in again."""
        out, count = trial.waiting(), self._random.randint(1, _MOST)
        return count if len(out) < self._ward.model.size else 0, out
