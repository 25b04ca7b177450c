"""What circuits add over their null controls, on public sets.

    python -m bench.prediction_quantum ../shared/data/domains [--seed 1] [--only edges] [--methods perceptron]

Method. Of each set 400 rows at most are taken, half of them kept aside (of edges 1,000, and 200); each
circuit method answers as it would in its tier, the device a perfect one: state vectors, 1,024 shots. Printed:
the metric on rows kept aside of the circuit and of each null control, with the p-value of the paired test
that the circuit is no better; of `mae` less is better. `edges`: pairs of hits in neighbouring layers of a
particle detector (TrackML event 1000, 2 % of its tracks), true where one particle made both; the rows learnt
from are balanced by design and weighted, the rows kept aside are as they come, the metric is average
precision."""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.machine import machine
from escalation.model.blob import Blob
from escalation.model.certificate import Certificate
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.problem import Target
from escalation.model.result import RawResult
from escalation.testing.driving import called, driven
from problems.prediction.kernels import reuploading
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.loading import load_rows
from problems.prediction.quantum.method import LAYERS, ProjectedKernel
from problems.prediction.quantum.trained_method import QuantumPerceptron, ReuploadingCircuit
from problems.prediction.tables.instance import solver_view
from problems.prediction.verify.certify import certify
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

ROWS = 400
MORE_ROWS = 1000
"""Of edges, so that at most 200 of them are drawn, balanced, from what is open."""

METHODS = {
    "projected": ProjectedKernel(),
    "reuploading": ReuploadingCircuit(),
    "perceptron": QuantumPerceptron(),
}

SETS: Mapping[str, tuple[str, dict[str, Any], tuple[str, str, float]]] = {
    "susy": (
        "hep_susy/susy_train_5000.csv",
        {"target": "signal", "positive": "1"},
        ("roc_auc", "at_least", 0.9),
    ),
    "edges": (
        "edges",
        {"target": "true", "positive": "yes", "sealed_fraction": 0.2},
        ("average_precision", "at_least", 0.9),
    ),
    "glaucoma": (
        "imaging_glaucoma/glaucoma.csv",
        {"target": "Class", "positive": "glaucoma"},
        ("roc_auc", "at_least", 0.99),
    ),
    "cells": (
        "imaging_cells/cells.csv",
        {"target": "class", "positive": "PS", "drop": ["case"]},
        ("roc_auc", "at_least", 0.99),
    ),
    "alzheimer": (
        "omics_ad/ad_data.csv",
        {"target": "Class", "positive": "Impaired"},
        ("roc_auc", "at_least", 0.99),
    ),
    "land": (
        "eo_landsat/satellite.csv",
        {"task": "multiclass", "target": "classes", "drop": ["split"]},
        ("macro_roc_auc", "at_least", 0.99),
    ),
    "warfarin": (
        "pgx_iwpc/iwpc.csv",
        {
            "task": "regression",
            "target": "dose_mg_week",
            "range": [0, 350],
            "drop": ["site", "indication", "simvastatin"],
        },
        ("mae", "at_most", 5.0),
    ),
    "breast_cancer_recurrence": (
        "staged_rotterdam/gbsg.csv",
        {"task": "time_to_event", "target": "rfstime", "event": "status", "horizon": 1095, "drop": ["pid"]},
        ("concordance", "at_least", 0.9),
    ),
}
"""Where it is, how the problem reads it, and the target."""


def main() -> None:
    """Prints a line a set, method and null control."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    asked = parser.parse_args()
    print(machine())
    for name in asked.only:
        for method in asked.methods:
            _show(name, method, asked.data, asked.seed)


def _show(name: str, method: str, data: Path, seed: int) -> None:
    from threadpoolctl import threadpool_limits

    path, stated, (metric, side, limit) = SETS[name]
    tasks = getattr(METHODS[method], "tasks", None)
    if tasks is not None and stated.get("task", "binary") not in tasks:
        return
    frame = _edges(data) if path == "edges" else pd.read_csv(data / path)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        count = MORE_ROWS if path == "edges" else ROWS
        frame.sample(min(count, len(frame)), random_state=seed).to_csv(Path(folder) / "t.csv", index=False)
        instance = load_rows({"csv": "t.csv", "sealed_fraction": 0.5, **stated}, seed, Path(folder))
        target = Target.model_validate({"metric": metric, side: limit})
        candidate, done = driven(METHODS[method], solver_view(instance, target), seed, _ran)
        certificate: Certificate = certify(instance, target, candidate, done, 0.05)
    if certificate.estimate is None:
        print(f"{name:25} {method:12} {'; '.join(certificate.reasons)[:100]}", flush=True)
        return
    against = "  ".join(
        f"{each.name} {each.value:.3f} (p {each.p_value:.3f})" for each in certificate.controls
    )
    print(f"{name:25} {method:12} {metric} {certificate.estimate:.3f}  {against}", flush=True)


def _edges(data: Path) -> pd.DataFrame:
    """Pairs of hits as rows: where both are, and how the line through them runs."""
    folder = data / "hep_tracking" / "trackml_2pct"
    hits, truth, pairs = (
        pd.read_csv(folder / f"event000001000-{part}.csv") for part in ("hits", "truth", "doublets")
    )
    hits["r"], hits["phi"] = np.hypot(hits["x"], hits["y"]), np.arctan2(hits["y"], hits["x"])
    known = hits.merge(truth[["hit_id", "particle_id"]], on="hit_id").set_index("hit_id")
    inner, outer = (known.loc[pairs[end]].reset_index(drop=True) for end in ("inner", "outer"))
    turned = (outer["phi"] - inner["phi"] + np.pi) % (2 * np.pi) - np.pi
    wide = outer["r"] - inner["r"]
    safe = wide.where(wide.abs() > 1e-6, 1e-6)
    one = (inner["particle_id"] == outer["particle_id"]) & (inner["particle_id"] != 0)
    return pd.DataFrame(
        {
            "r": inner["r"],
            "z": inner["z"],
            "r_out": outer["r"],
            "z_out": outer["z"],
            "turn": turned,
            "slope": turned / safe,
            "origin": inner["z"] - inner["r"] * (outer["z"] - inner["z"]) / safe,
            "true": np.where(one, "yes", "no"),
        }
    )


def _ran(work: Any) -> RawResult:
    if isinstance(work, CircuitBatch):
        rng = np.random.default_rng(work.seed)
        files = {f"bits-{k}.npy": _sampled(pub, k, rng) for k, pub in enumerate(work.pubs)}
        return RawResult(JobState.DONE, files=files)
    return called(work)


def _sampled(pub: Pub, basis: int, rng: np.random.Generator) -> Blob:
    """Bits of the right marginals, all that features are made of; a neuron's fire or not."""
    parameters = npy.load(pub.parameters.data)
    ones = _chances(pub, basis)(parameters)[:, None]
    drawn = rng.random((len(parameters), pub.shots, ones.shape[2])) < ones
    if "turn_1" in pub.parameter_names and "ry" not in pub.qasm3:
        drawn = np.repeat(drawn, pub.qasm3.count("measure"), axis=2)
    unused = np.zeros((*drawn.shape[:2], -drawn.shape[2] % 8), dtype=bool)
    return Blob(npy.dump(np.packbits(np.concatenate([unused, drawn[:, :, ::-1]], axis=-1), axis=-1)))


def _chances(pub: Pub, basis: int) -> Callable[[Floats], Floats]:
    """From parameters to the probability of reading 1, shape (sets, qubits)."""
    qubits = pub.qasm3.count("measure")
    if "ry" in pub.qasm3:
        layers = len(pub.parameter_names) // (3 * qubits)
        encoding = {"qubits": qubits, "layers": layers, "entangled": "cz" in pub.qasm3}
        return lambda angles: (1 - reuploading.exact(angles, encoding)) / 2
    if "turn_1" in pub.parameter_names:
        return lambda turns: 1 - _fired(turns, [int(name[5:]) for name in pub.parameter_names], qubits)
    return lambda angles: (1 - exact_features(angles, qubits, LAYERS).reshape(-1, 3, qubits)[:, basis]) / 2


def _fired(turns: Floats, parities: list[int], qubits: int) -> Floats:
    places = range(2**qubits)
    walsh = np.array([[(-1.0) ** (each & place).bit_count() for place in places] for each in parities])
    fired: Floats = np.abs(np.exp(-0.5j * turns @ walsh).mean(axis=1)) ** 2
    return fired[:, None]


if __name__ == "__main__":
    main()
