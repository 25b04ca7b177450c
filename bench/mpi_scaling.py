"""Nested cross-validation from 1 to 2 (and, with more cores, 4) MPI ranks.

    python -m bench.mpi_scaling [--repeats 3] [--dataset breast_cancer]

Method: the whole piece of work of the hpc tier, `problems.classification.hpc.nested_cv:run`, through the mpi
backend, launcher and imports included, for each number of ranks in turn; medians of the elapsed time that
the backend reports, speed-up and parallel efficiency against one rank. Results are compared: they have to
be the same bytes. More ranks than cores are not measured.
"""

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from backends.mpi.backend import MpiBackend
from bench.machine import machine, row
from escalation.inputs.settings import Settings
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Target
from escalation.model.result import RawResult
from escalation.ports.registry import family


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dataset", default="breast_cancer")
    arguments = parser.parse_args()
    print(machine())
    work = nested_cv(arguments.dataset)
    worlds = [ranks for ranks in (1, 2, 4, 8) if ranks <= (os.cpu_count() or 1)]
    found: dict[int, list[float]] = {ranks: [] for ranks in worlds}
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        backend = MpiBackend(Settings(home=Path(folder)), None)
        for turn in range(arguments.repeats):
            for ranks, times in found.items():
                result = run(backend, work, ranks, Path(folder) / f"{turn}-{ranks}")
                times.append(result.usage.wall_s)
                digests.add(result.digest)
    base = median(found[1])
    for ranks, times in found.items():
        speedup = base / median(times)
        print(row(f"{ranks} ranks", times) + f"  speed-up {speedup:.2f}, efficiency {speedup / ranks:.2f}")
    print("results: the same bytes" if len(digests) == 1 else f"results: {len(digests)} DIFFERENT")


def nested_cv(dataset: str) -> MpiProgram:
    """The work that the hpc method asks for first."""
    found = family("classification")
    target = Target(metric="roc_auc", at_least=0.5)
    view = found.view(found.load({"dataset": dataset}, 7, Path()), target)
    method = next(method for method in found.methods() if method.tier == "hpc")
    work = next(method.solve(view, 7))
    assert isinstance(work, MpiProgram)
    return work


def run(backend: MpiBackend, work: MpiProgram, ranks: int, folder: Path) -> RawResult:
    """Runs the work on that many ranks."""
    folder.mkdir()
    handle = backend.submit(replace(work, resources=replace(work.resources, ranks=ranks)), folder)
    while not backend.wait(handle, 60).state.final:
        pass
    result = backend.result(handle)
    assert result.ok, result.error
    return result


if __name__ == "__main__":
    main()
