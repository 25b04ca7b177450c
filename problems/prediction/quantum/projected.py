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
from problems.prediction.kernels.geometric import Geometry, geometry, model_complexity
from problems.prediction.kernels.quantum_features import (
    encode,
    fit_encoding,
    projected_features,
    scale,
)
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.models import feature_machine
from problems.prediction.models.feature_machine import Setting, fit_machine
from problems.prediction.models.feature_svm import FORMAT, Tuned
from problems.prediction.models.feature_svm import fit as fit_svm
from problems.prediction.quantum.projected_sets import projected_sets
from problems.prediction.quantum.training import (
    Training,
    fitting_of,
    task_of,
    task_positions,
    training,
    training_positions,
)
from problems.prediction.tables.encoding import columns_from_json, read_frame
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.stats.splits import codes

BANDWIDTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Bandwidths tried, in radians a scaled feature."""

CIRCUITS = {"circuit": True, "control": False}
"""The batches by name, and whether their circuits are entangled."""


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
    tuned: Tuned | Setting
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
        tuned = rows.tuned(projected, metric, coarse=True)
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
    seed, task = derive_seed(params["seed"], "rows"), task_of(params)
    groups, forward, most = codes(frame["__group__"].tolist()), params["time_ordered"], params["most_rows"]
    if task is None:
        labels = frame["__label__"].to_numpy(dtype=np.int8)
        positions = training_positions(labels, groups, forward, most, seed)
    else:
        positions = task_positions(fitting_of(frame, task), groups, forward, most, seed)
    rows = training(frame, positions, forward, params["seed"], task)
    columns = columns_from_json(params["columns"])
    encoding = fit_encoding(rows.frame, columns, params["qubits"], params["native"])
    return positions, rows, {**encoding, "layers": params["layers"]}


def choose(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Fits the encoding, chooses the bandwidth, and writes down the parameters of every circuit.

    Args:
        params: `columns`, `qubits`, `layers`, `native`, `metric`, `time_ordered`, `most_rows`, `seed`; for
            every task but two classes `asked` as well.
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
        params: `encoding`, `metric`, `time_ordered`, `shots`, `seed`; `columns` and `asked`
            where `choose` has `asked`.
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
    forward, task = params["time_ordered"], task_of(params)
    rows = training(open_rows, npy.load(inputs["rows"]), forward, params["seed"], task)
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
        model, scores, values[name] = _fit_one(matrix, len(sealed), rows, metric)
        files |= {f"{name}.model": model, f"{name}.sealed_scores": npy.dump(scores)}
        report((number + 1) / (len(matrices) + 1), f"{name}: {values[name]['score']:.3f} in cross-validation")
    trained = len(rows)
    found = geometry(
        classical[:trained],
        measured["circuit"][:trained],
        params["shots"],
        derive_seed(params["seed"], "shots"),
    )
    values["measured"] = geometry_json(found)
    if rows.fitting is not None:
        pair = (classical[:trained], measured["circuit"][:trained])
        values["complexity"] = model_complexity(*pair, rows.targets)
        return Output(values, files)
    sets = projected_sets(matrices["quantum"], rows.frame, params, len(BANDWIDTHS))
    values |= {**sets.values, "sets": dict(sets.notes)}
    return Output(values, {**files, **sets.files})


def _measured(inputs: Mapping[str, bytes], name: str, qubits: int) -> Floats:
    x, y, z = (npy.load(inputs[f"{name}-{k}"]) for k in range(3))
    return projected_features(x, y, z, qubits)


def _fit_one(
    matrix: Floats, sealed: int, rows: Training, metric: str
) -> tuple[bytes, Floats, dict[str, Any]]:
    """Returns a machine's bytes, what it says of the sealed rows, and its tuning."""
    trained = len(rows)
    if len(matrix) != trained + sealed:
        raise ValueError(
            f"expected features of {trained} training rows and {sealed} kept aside, got {len(matrix)}"
        )
    own, others = matrix[:trained], matrix[trained:]
    tuned = rows.tuned(own, metric)
    about = {"format": FORMAT, "gamma": tuned.gamma, "cost": tuned.cost, "score": tuned.score}
    if isinstance(tuned, Tuned):
        svm = fit_svm(own, rows.labels, tuned, metric)
        return svm.to_bytes(), svm.probabilities(others), about
    assert rows.fitting is not None
    machine = fit_machine(own, rows.fitting, tuned.gamma, tuned.cost)
    return machine.to_bytes(), machine.predictions(others), {**about, "format": feature_machine.FORMAT}


def row_digests(rows: Sequence[str]) -> bytes:
    """Concatenates the sorted raw SHA-256 digests of training rows, 32 bytes each."""
    return b"".join(sorted(bytes.fromhex(row) for row in rows))
