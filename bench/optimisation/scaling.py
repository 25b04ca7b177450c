"""The portfolio from 1 to 2 (and, with more cores, 4 and 8) MPI ranks.

    python -m bench.optimisation.scaling [--seconds 60] [--repeats 3]

Method: the hpc tier's work through the mpi backend, for each number of ranks in turn, with other seeds each
time; instances come from the generators. `proof` is a QUBO of 70 variables until its optimum is proven, and
`clinic` one of 100 patients until the claimed gap is 2 %: elapsed seconds of the search, launcher and imports
apart, and the whole time where the target was missed (counted). `flips` is what tempering alone tries in a
second on a random graph of 800 vertices, all ranks together, a fixed time each. One rank runs every engine in
turn; more ranks run them side by side, so a speed-up above the number of ranks is possible, and chance.
"""

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from backends.mpi.backend import MpiBackend
from bench.machine import machine, row
from escalation.inputs.settings import Settings
from escalation.model.result import RawResult
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.graphs import qubo, random_cut
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model.models import Model
from problems.optimisation.tiers.hpc import Portfolio

THROUGHPUT_S = 8.0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    print(machine())
    worlds = [ranks for ranks in (1, 2, 4, 8) if ranks <= (os.cpu_count() or 1)]
    with tempfile.TemporaryDirectory() as folder:
        place = ScalingPlace(Path(folder))
        try:
            _until(place, ScalingCase("proof", qubo(70, 1), 0.0), worlds, chosen)
            _until(place, ScalingCase("clinic", clinic(100, 1), 0.02), worlds, chosen)
            _throughput(place, worlds, chosen.repeats)
        finally:
            place.backend.close()


@dataclass(frozen=True)
class ScalingCase:
    """An instance, and the relative gap at which it counts as solved."""

    name: str
    model: Model
    gap: float


class ScalingPlace:
    """Where portfolios run, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.backend, self._folder, self._count = MpiBackend(Settings(home=folder)), folder, 0

    def run(self, model: Model, gap: float, seconds: float, seed: int, portfolio: Portfolio) -> RawResult:
        """Searches until the claimed gap is reached or the seconds are over."""
        self._count += 1
        work = portfolio.work(OptimisationView(model, "gap", gap, seconds), seed)
        handle = self.backend.submit(work, self._folder / str(self._count))
        while not self.backend.wait(handle, 60).state.final:
            pass
        result = self.backend.result(handle)
        if not result.ok:
            raise RuntimeError(f"the search failed: {result.error}")
        return result


def _until(place: ScalingPlace, case: "ScalingCase", worlds: list[int], chosen: argparse.Namespace) -> None:
    times: dict[int, list[float]] = {ranks: [] for ranks in worlds}
    missed = dict.fromkeys(worlds, 0)
    for turn in range(chosen.repeats):
        for ranks, found in times.items():
            result = place.run(case.model, case.gap, chosen.seconds, turn + 1, Portfolio(ranks))
            late = result.values["stopped"] not in ("proven", "target")
            missed[ranks] += late
            found.append(chosen.seconds if late else _story(result)["timeline"][-1]["s"])
    for ranks, found in times.items():
        speed_up = median(times[1]) / median(found)
        print(
            row(f"{case.name}, {ranks} ranks", found) + f"  speed-up {speed_up:.2f}, missed {missed[ranks]}"
        )


def _throughput(place: ScalingPlace, worlds: list[int], repeats: int) -> None:
    model, rates = random_cut(800, 1), dict[int, list[float]]()
    for turn in range(repeats):
        for ranks in worlds:
            result = place.run(model, 0.0, THROUGHPUT_S, turn + 1, Portfolio(ranks, engines=("tempering",)))
            tried = [slot["notes"]["flips_tried"] for slots in _story(result)["ranks"] for slot in slots]
            rates.setdefault(ranks, []).append(sum(tried) / THROUGHPUT_S / 1e6)
    for ranks, found in rates.items():
        efficiency = median(found) / median(rates[1]) / ranks
        print(row(f"flips, {ranks} ranks", found, "million/s") + f"  efficiency {efficiency:.2f}")


def _story(result: RawResult) -> Any:
    return json.loads(result.evidence["portfolio.json"].data)


if __name__ == "__main__":
    main()
