"""The classical ends of the projected quantum kernel, each run as a piece of local work.

`choose` comes before the circuits: it fits the encoding and chooses the bandwidth noiselessly, by simulation
and cross-validation on open rows only. `fit` comes after: it turns samples into features and fits the
machines of the candidate and of its null controls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.kernels.geometric import Geometry, geometry
from problems.prediction.kernels.quantum_features import (
    encode,
    fit_encoding,
    projected_features,
    scale,
)
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.models.feature_svm import (
    COARSE,
    FORMAT,
    FeatureSvm,
    Fold,
    Tuned,
    make_folds,
    tune,
)
from problems.prediction.models.feature_svm import fit as fit_svm
from problems.prediction.quantum.projected_sets import projected_sets
from problems.prediction.tables.encoding import columns_from_json, read_frame
from toolbox.arrays import npy
from toolbox.arrays.types import Floats, Labels
from toolbox.stats.splits import codes, keep_classes

BANDWIDTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Bandwidths tried, in radians a scaled feature."""

CIRCUITS = {"circuit": True, "control": False}
"""The batches by name, and whether their circuits are entangled."""


@dataclass(frozen=True)
class Training:
    """The open rows that the kernel is trained on.

    Attributes:
        frame: a pandas DataFrame.
        labels: int8 of shape (rows,).
        folds: for tuning.
    """

    frame: Any
    labels: Labels
    folds: list[Fold]


def training_positions(
    labels: Labels, groups: NDArray[np.intp], time_ordered: bool, most: int, seed: int
) -> NDArray[np.intp]:
    """Returns the sorted positions of at most `most` open rows.

    Every class keeps its share; of rows ordered by time the last are taken. A class that is rare keeps rows
    enough, see `keep_classes`.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    if time_ordered:
        return keep_classes(np.arange(len(labels) - most, len(labels)), labels, groups)
    rng = np.random.default_rng(seed)
    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)
    wanted = round(most * len(positive) / len(labels))
    wanted = min(max(wanted, min(5, len(positive))), most - min(5, len(negative)))
    parts = [rng.permutation(positive)[:wanted], rng.permutation(negative)[: most - wanted]]
    return keep_classes(np.sort(np.concatenate(parts)), labels, groups)


def training(frame: Any, positions: NDArray[np.intp], time_ordered: bool, seed: int) -> Training:
    """Takes the rows and splits them for tuning."""
    chosen = frame.iloc[positions].reset_index(drop=True)
    labels = chosen["__label__"].to_numpy(dtype=np.int8)
    groups = chosen["__group__"].tolist()
    return Training(chosen, labels, make_folds(labels, groups, time_ordered, derive_seed(seed, "folds")))


@dataclass(frozen=True)
class KernelChoice:
    """What simulation inside the training data chose.

    Attributes:
        encoding: complete, of the entangled circuit.
        tuned: the noiseless machine that goes with it.
        projected: exact features of the training rows, shape (rows, 3·qubits).
        history: every bandwidth tried, with its cross-validated score.
    """

    encoding: dict[str, Any]
    tuned: Tuned
    projected: Floats
    history: list[dict[str, float]]


def select(
    rows: Training, encoding: Mapping[str, Any], metric: str, report: Report | None = None
) -> KernelChoice:
    """Tries every bandwidth noiselessly; on equal scores the smaller one stays.

    Args:
        rows: open rows.
        encoding: as `fit_encoding` returns it, with `layers`.
        metric: what the target asks for.
        report: told of the progress.
    """
    best: KernelChoice | None = None
    history = []
    for number, bandwidth in enumerate(BANDWIDTHS):
        complete = {**encoding, "bandwidth": bandwidth, "entangled": True}
        projected = exact_features(encode(rows.frame, complete), complete["qubits"], complete["layers"])
        tuned = tune(projected, rows.labels, rows.folds, metric, COARSE)
        history.append(
            {"bandwidth": bandwidth, "score": tuned.score, "gamma": tuned.gamma, "cost": tuned.cost}
        )
        if best is None or tuned.score > best.tuned.score + 1e-9:
            best = KernelChoice(complete, tuned, projected, history)
        if report is not None:
            report((number + 1) / len(BANDWIDTHS), f"bandwidth {bandwidth:g}: {tuned.score:.3f}")
    assert best is not None
    return best


def prepare(params: Mapping[str, Any], frame: Any) -> tuple[NDArray[np.intp], Training, dict[str, Any]]:
    """Takes the training rows out of all open rows and fits the encoding on them."""
    labels = frame["__label__"].to_numpy(dtype=np.int8)
    seed = derive_seed(params["seed"], "rows")
    groups = codes(frame["__group__"].tolist())
    positions = training_positions(labels, groups, params["time_ordered"], params["most_rows"], seed)
    rows = training(frame, positions, params["time_ordered"], params["seed"])
    columns = columns_from_json(params["columns"])
    encoding = fit_encoding(rows.frame, columns, params["qubits"], params["native"])
    return positions, rows, {**encoding, "layers": params["layers"]}


def choose(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Fits the encoding, chooses the bandwidth, and writes down the parameters of every circuit.

    Args:
        params: `columns`, `qubits`, `layers`, `native`, `metric`, `time_ordered`, `most_rows`, `seed`.
        inputs: `open_rows` and `sealed_rows` as Parquet; of the sealed ones only parameters are made.
        report: told of the progress.

    Returns:
        Values `encoding`, `history`, `noiseless` (geometry without shots); files `rows` (positions of the
        training rows), `circuit` and `control` (parameters of training rows, then of sealed rows).

    Raises:
        ValueError: beyond 12 qubits, which cannot be chosen for by simulation, or with too few rows.
    """
    positions, rows, encoding = prepare(params, read_frame(inputs["open_rows"]))
    choice = select(rows, encoding, params["metric"], report)
    sealed = read_frame(inputs["sealed_rows"])
    files = {"rows": npy.dump(positions.astype(np.int64))}
    for name, entangled in CIRCUITS.items():
        stated = {**choice.encoding, "entangled": entangled}
        files[name] = npy.dump(np.vstack([encode(rows.frame, stated), encode(sealed, stated)]))
    noiseless = geometry(scale(rows.frame, choice.encoding), choice.projected)
    values = {
        "encoding": choice.encoding,
        "history": choice.history,
        "noiseless": geometry_json(noiseless),
    }
    return Output(values, files)


def geometry_json(found: Geometry) -> dict[str, Any]:
    """The names under which reports find it."""
    return {
        "geometric_difference": found.difference,
        "geometric_difference_error": found.error,
        "closest_classical_kernel": found.closest,
        "concentration": found.concentration,
    }


def fit(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Fits the candidate's machine and those of its null controls on what the circuits gave.

    Args:
        params: `encoding`, `metric`, `time_ordered`, `shots`, `seed`.
        inputs: `open_rows` and `sealed_rows` as Parquet, `rows` from `choose`, and for every batch of
            `CIRCUITS` its samples `NAME-0`, `NAME-1`, `NAME-2` (bases x, y, z; training rows, then sealed).
        report: told of the progress.

    Returns:
        For `quantum`, `rbf_same_features` and `no_entanglement`: files `NAME.model` and
        `NAME.sealed_scores`, and its tuning in the values; file `train_rows`; value `measured`: geometry
        with its shot noise; value `sets`, and where there are rows enough value `conformal` and files
        `sealed_sets` and `set_model`: the prediction sets of `quantum`, see `projected_sets`.
    """
    open_rows, sealed = read_frame(inputs["open_rows"]), read_frame(inputs["sealed_rows"])
    rows = training(open_rows, npy.load(inputs["rows"]), params["time_ordered"], params["seed"])
    encoding, metric = params["encoding"], params["metric"]
    measured = {name: _measured(inputs, name, encoding["qubits"]) for name in CIRCUITS}
    classical = np.vstack([scale(rows.frame, encoding), scale(sealed, encoding)])
    matrices = {
        "quantum": measured["circuit"],
        "rbf_same_features": classical,
        "no_entanglement": measured["control"],
    }
    values: dict[str, Any] = {}
    files = {"train_rows": row_digests(rows.frame["__row__"].tolist())}
    for number, (name, matrix) in enumerate(matrices.items()):
        machine, values[name] = _fit_one(matrix, len(sealed), rows, metric)
        scores = machine.probabilities(matrix[len(rows.labels) :])
        files |= {f"{name}.model": machine.to_bytes(), f"{name}.sealed_scores": npy.dump(scores)}
        report((number + 1) / (len(matrices) + 1), f"{name}: {values[name]['score']:.3f} in cross-validation")
    trained = len(rows.labels)
    found = geometry(
        classical[:trained],
        measured["circuit"][:trained],
        params["shots"],
        derive_seed(params["seed"], "shots"),
    )
    sets = projected_sets(matrices["quantum"], rows.frame, params, len(BANDWIDTHS))
    values |= {"measured": geometry_json(found), **sets.values, "sets": dict(sets.notes)}
    return Output(values, {**files, **sets.files})


def _measured(inputs: Mapping[str, bytes], name: str, qubits: int) -> Floats:
    x, y, z = (npy.load(inputs[f"{name}-{k}"]) for k in range(3))
    return projected_features(x, y, z, qubits)


def _fit_one(matrix: Floats, sealed: int, rows: Training, metric: str) -> tuple[FeatureSvm, dict[str, Any]]:
    trained = len(rows.labels)
    if len(matrix) != trained + sealed:
        raise ValueError(
            f"expected features of {trained} training rows and {sealed} kept aside, got {len(matrix)}"
        )
    tuned = tune(matrix[:trained], rows.labels, rows.folds, metric)
    machine = fit_svm(matrix[:trained], rows.labels, tuned, metric)
    return machine, {"format": FORMAT, "gamma": tuned.gamma, "cost": tuned.cost, "score": tuned.score}


def row_digests(rows: Sequence[str]) -> bytes:
    """Concatenates the sorted raw SHA-256 digests of training rows, 32 bytes each."""
    return b"".join(sorted(bytes.fromhex(row) for row in rows))
