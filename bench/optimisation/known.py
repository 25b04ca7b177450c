"""Public instances with known answers: is the answer found, is it proven, how long does it take?

    python -m bench.optimisation.known [--seconds 60] [--cut-seconds 60] [--data ../shared/data]

Method: every instance is solved once by the hpc tier's portfolio on 2 ranks, seed 1, until its optimum is
proven or the seconds are over; the verifier then checks the answer and its proofs from the instance alone.
`found` counts answers that equal the known optimum (or best known cut); `proven` those whose verified bound
meets the answer: what the verifier would not show again is not counted, whatever an engine said. `s` is the
time of the last improvement of answer or bound, launcher and imports apart; `verify` the seconds of the
verifier.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.machine import machine
from bench.optimisation.running import RankRunner, Run, bench
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import Model

BQP50 = (2098, 3702, 4626, 3544, 4012, 3693, 4520, 4216, 3780, 3507)
BQP100 = (7970, 11036, 12723, 10368, 9083, 10210, 10125, 11435, 11455, 12565)
SETS = {
    "aves-sparrow-social": 13,
    "C125-9": 34,
    "chesapeake": 17,
    "es60fst01": 60,
    "farm": 10,
    "football": 16,
    "hamming6-4": 12,
    "ibm32": 13,
    "johnson8-2-4": 7,
    "karate": 20,
    "sloane_1dc_64": 10,
}
CUTS = {"g1": 11624, "g11": 564, "g14": 3064, "g32": 1410}
"""Best known, as listed with the data; G14's and G32's optima are not proven."""


@dataclass(frozen=True)
class KnownInstance:
    """An instance and the value it is known for."""

    name: str
    model: Model
    known: int


def main() -> None:
    """Solves, and prints a table for each collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cut-seconds", type=float, default=60.0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        parser.exit(2, f"{chosen.data}: expected the folder of public instances, give it with --data\n")
    print(machine())
    with bench() as place:
        _table(place, "OR-Library bqp50", _qubos(chosen.data, "bqp50.txt", BQP50), chosen.seconds)
        _table(place, "OR-Library bqp100", _qubos(chosen.data, "bqp100.txt", BQP100), chosen.seconds)
        _table(place, "independent sets", _sets(chosen.data), chosen.seconds)
        _table(place, "G-set", _cuts(chosen.data), chosen.cut_seconds)


def _qubos(data: Path, file: str, known: tuple[int, ...]) -> Iterator[KnownInstance]:
    for number, value in enumerate(known, start=1):
        instance = {"kind": "qubo", "file": file, "number": number}
        yield KnownInstance(f"{file[:-4]}-{number}", load(instance, 0, data / "qubo").model, value)


def _sets(data: Path) -> Iterator[KnownInstance]:
    for name, value in SETS.items():
        instance = {"kind": "independent_set", "file": f"{name}.gph"}
        yield KnownInstance(name, load(instance, 0, data / "independent_set").model, value)


def _cuts(data: Path) -> Iterator[KnownInstance]:
    for name, value in CUTS.items():
        yield KnownInstance(
            name, load({"kind": "max_cut", "file": f"{name}.rud"}, 0, data / "max_cut").model, value
        )


def _table(place: RankRunner, title: str, cases: Iterator[KnownInstance], seconds: float) -> None:
    print(f"\n{title}, {seconds:g} s each", flush=True)
    runs = []
    for case in cases:
        run = place.run(case.model, seconds)
        runs.append((case, run))
        print(_line(case, run), flush=True)
    found = sum(run.objective == case.known for case, run in runs)
    proven = sum(run.proven for _, run in runs)
    middle = median(run.seconds for _, run in runs)
    print(f"{'together':<22} found {found} of {len(runs)}, proven {proven}, median {middle:.1f} s")


def _line(case: KnownInstance, run: Run) -> str:
    proof = run.certificate.evidence["proof"] if run.certificate else "none"
    gap = "proven" if run.proven else f"gap {100 * run.gap:.2f} %"
    return (
        f"{case.name:<22} known {case.known:>6}  answer {run.objective:>8g}  bound {run.bound}  {gap:<12} "
        f"{run.seconds:6.1f} s  verify {run.verify_s:5.1f} s  {proof}"
    )


if __name__ == "__main__":
    main()
