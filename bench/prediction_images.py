"""Pictures of the field, from their files to a certificate: what each tier reaches on rows kept aside.

    python -m bench.prediction_images FOLDER [--sets breast pneumonia] [--tiers hpc ai] [--seeds 1 2 3]
                                      [--features intensity hog …] [--twins ignored]

FOLDER holds `imaging_breastmnist/breastmnist_28.npz` and `imaging_pneumonia/pneumonia_28_val_test.npz`, made
of MedMNIST v2 (Yang et al. 2023, Sci. Data 10:41; CC BY 4.0).

Method: the family reads the archive, finds twins, seals 40 % of the rows (whole groups), and each method is
driven as the ladder drives it, on the backends of this machine. Printed: rows, groups of twins, seconds to
load (features made, and found again), and of each tier the ROC area on the sealed rows, its certified lower
bound at an error of 0.05, what was chosen, seconds. Several seeds are several splits; all are printed.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.machine import machine
from escalation.inputs.settings import Settings
from escalation.model.problem import Target
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.registry import backend_descriptor, family
from escalation.testing.family import Perform, drive_method
from toolbox.arrays import npy
from toolbox.stats.auc import placements

SETS: Mapping[str, Mapping[str, Any]] = {
    "breast": {"npz": "imaging_breastmnist/breastmnist_28.npz", "target": "malignant"},
    "pneumonia": {"npz": "imaging_pneumonia/pneumonia_28_val_test.npz"},
}
BACKENDS = {"mpi_program": "mpi", "local_call": "local"}
WAIT_S = 60.0


@contextmanager
def backends() -> Iterator[Perform]:
    """Carries work out on this machine, however long it takes."""
    made: dict[str, Any] = {}
    numbers = count()

    def perform(work: Work) -> RawResult:
        if work.kind not in made:
            made[work.kind] = backend_descriptor(BACKENDS[work.kind])[0].open(Settings(home=home), None)
        handle = made[work.kind].submit(work, home / str(next(numbers)))
        while not made[work.kind].wait(handle, WAIT_S).state.final:
            pass
        result: RawResult = made[work.kind].result(handle)
        return result

    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder:
        home = Path(folder)
        try:
            yield perform
        finally:
            for each in made.values():
                each.close()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--tiers", nargs="+", default=["hpc", "ai"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--features", nargs="+")
    parser.add_argument("--twins", choices=["grouped", "ignored"], default="grouped")
    given = parser.parse_args()
    print(machine())
    stated = {"twins": given.twins} | ({"features": given.features} if given.features else {})
    with backends() as perform:
        for name in given.sets:
            for seed in given.seeds:
                print(name, end=", ")
                _measure({**SETS[name], **stated}, given.folder, seed, given.tiers, perform)


def _measure(problem: Mapping[str, Any], folder: Path, seed: int, tiers: list[str], perform: Perform) -> None:
    target = Target(metric="roc_auc", at_least=0.5)
    prediction = family("prediction")
    spent = []
    for _ in range(2):
        begun = perf_counter()
        instance = prediction.load(dict(problem), seed, folder)
        spent.append(perf_counter() - begun)
    groups = instance.frame["__group__"].nunique()
    print(
        f"seed {seed}: {len(instance.frame)} rows in {groups} groups, {len(instance.columns)} features, "
        f"{len(instance.sealed_index)} sealed; loaded in {spent[0]:.1f} s, again in {spent[1]:.1f} s"
    )
    view = prediction.view(instance, target)
    for method in prediction.methods():
        if method.tier.value not in tiers:
            continue
        begun = perf_counter()
        solved = drive_method(method, view, seed, perform)
        spent_s = perf_counter() - begun
        certificate = prediction.certify(instance, target, solved.candidate, solved.done, 0.05)
        scores = npy.load(solved.candidate.files["sealed_scores"].data)
        area = placements(instance.sealed_labels, scores).auc
        bound = "none" if certificate.value is None else f"{certificate.value:.3f}"
        chosen = solved.candidate.values.get("chosen", "")
        print(f"  {method.tier.value:8s} area {area:.3f}, bound {bound}, {spent_s:6.1f} s, {chosen}")


if __name__ == "__main__":
    main()
