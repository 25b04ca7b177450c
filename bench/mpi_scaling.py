"""Nested cross-validation from 1 to 2 (and, with more cores, 4) MPI ranks.

    python -m bench.mpi_scaling [--repeats 3] [--dataset breast_cancer]

Method: the whole piece of work of the hpc tier, `problems.prediction.hpc.nested_cv:run`, through the mpi
backend, a world for each number of ranks, kept warm as within a case. Start-up is shown apart: a program
that does nothing, and the first piece of work, which imports what the others find imported. Then each world
in turn, so that what else the machine does falls on all alike; medians of the elapsed time that the backend
reports, speed-up and parallel efficiency against one rank; beside it the speed-up in processor seconds of the
busiest rank, which other load on the machine moves less: a lower bound, as waiting in MPI counts in it.
Results are compared: they have to be the same bytes. More ranks than cores are not measured.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median

from backends.mpi.backend import MpiBackend
from bench.machine import machine, row
from escalation.inputs.settings import Settings
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Target
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.registry import family


@dataclass
class ScalingWorld:
    """A warm world of so many ranks, and what was measured on it, in seconds."""

    ranks: int
    backend: MpiBackend
    folders: Iterator[Path]
    start_s: float = 0.0
    first_s: float = 0.0
    times: list[float] = field(default_factory=list)
    busiest_s: list[float] = field(default_factory=list)

    def run(self, work: MpiProgram) -> RawResult:
        """Runs the work on these ranks."""
        limits = replace(work.resources, ranks=self.ranks)
        handle = self.backend.submit(replace(work, resources=limits), next(self.folders))
        while not self.backend.wait(handle, 60).state.final:
            pass
        result = self.backend.result(handle)
        assert result.ok, result.error
        return result


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dataset", default="breast_cancer")
    arguments = parser.parse_args()
    print(machine())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folders = (folder / str(number) for number in count())
        worlds = [
            ScalingWorld(
                ranks, stack.enter_context(closing(MpiBackend(Settings(home=folder), idle_s=3600.0))), folders
            )
            for ranks in (1, 2, 4, 8)
            if ranks <= (os.cpu_count() or 1)
        ]
        digests = measure(worlds, nested_cv(arguments.dataset), arguments.repeats)
    for world in worlds:
        speedup = median(worlds[0].times) / median(world.times)
        busiest = median(worlds[0].busiest_s) / median(world.busiest_s)
        print(row(f"{world.ranks} ranks", world.times))
        print(f"  speed-up {speedup:.2f}, efficiency {speedup / world.ranks:.2f}; in CPU {busiest:.2f}")
        print(f"  apart: start-up {world.start_s:.2f} s, first piece of work {world.first_s:.2f} s")
    print("results: the same bytes" if len(digests) == 1 else f"results: {len(digests)} DIFFERENT")


def measure(worlds: list[ScalingWorld], work: MpiProgram, repeats: int) -> set[str]:
    """Fills in what each world took; returns the digests of all results."""
    digests = set()
    nothing = MpiProgram("backends.mpi.check:count", resources=Resources(wall_s=600.0))
    for world in worlds:
        world.start_s = world.run(nothing).usage.wall_s
        world.first_s = world.run(work).usage.wall_s
    for _ in range(repeats):
        for world in worlds:
            result = world.run(work)
            world.times.append(result.usage.wall_s)
            world.busiest_s.append(max(each["cpu_s"] for each in result.provenance["placement"]))
            digests.add(result.digest)
    return digests


def nested_cv(dataset: str) -> MpiProgram:
    """The work that the hpc method asks for first."""
    found = family("prediction")
    target = Target(metric="roc_auc", at_least=0.5)
    view = found.view(found.load({"dataset": dataset}, 7, Path()), target)
    method = next(method for method in found.methods() if method.tier == "hpc")
    work = next(method.solve(view, 7))
    assert isinstance(work, MpiProgram)
    return work


if __name__ == "__main__":
    main()
