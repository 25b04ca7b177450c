"""The classical ends of circuits that are trained: on the simulator before the device, readouts after it.

`learn` comes before the circuits: it trains the circuit, and the same without entanglement, on two thirds of
the rows that are used, and draws the untrained one. `read` comes after: it fits each circuit's readout, a
linear machine of the task, to what the device measured of the other third, so that predictions are calibrated
on rows that no circuit was trained on, and with the device's own errors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.kernels.circuit_models import TRAINED, model_of, untrained
from problems.prediction.kernels.quantum_features import fit_encoding
from problems.prediction.models.feature_machine import FORMAT, FeatureMachine, fit_machine, targets
from problems.prediction.quantum.projected import row_digests
from problems.prediction.quantum.training import Training, fitting_of, task_positions, training
from problems.prediction.tables.encoding import columns_from_json, read_frame
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.stats.splits import codes, stratified_parts

STARTS = 3
HELD = 1 / 3
"""Share of the rows that are used whose circuits run: the readout is fitted to them."""

LEAST_HELD = 15
"""Rows that a readout is fitted to at least."""

READOUT_COST = 30.0
"""Weight of a readout's fit against its norm: it has one to three features, so it is hardly held back."""

VARIANTS = ("circuit", "no_entanglement", "untrained")
"""The circuit and its null controls on the device."""


def learn(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Trains the circuits and writes down the parameters of every row that is measured.

    Args:
        params: `circuit`, `qubits`, `layers`, `width` (features that it takes), `columns`, `metric`, `asked`,
            `time_ordered`, `most_rows`, `seed`.
        inputs: `open_rows` and `sealed_rows` as Parquet; of the sealed ones only parameters are made.
        report: told of the progress.

    Returns:
        Values `encodings` by variant, `left` (share of the targets' variance that training left over) and
        `seeds`; files `rows` (positions of the open rows that are used), `held` (those of them whose circuits
        run, by place), and for every variant parameters of the held rows, then of the sealed rows.

    Raises:
        ValueError: where too few rows are left to fit a readout to.
    """
    frame, sealed = read_frame(inputs["open_rows"]), read_frame(inputs["sealed_rows"])
    positions, rows = _used(params, frame)
    held = _held(rows, params["time_ordered"], derive_seed(params["seed"], "held"))
    proper = np.setdiff1d(np.arange(len(rows)), held)
    own = rows.frame.iloc[proper]
    columns = columns_from_json(params["columns"])
    shape = {name: params[name] for name in ("circuit", "qubits", "layers")}
    base = {**fit_encoding(own, columns, params["width"]), **shape}
    model, seeds = (
        TRAINED[params["circuit"]],
        [derive_seed(params["seed"], f"start {k}") for k in range(STARTS)],
    )
    assert rows.fitting is not None
    wanted = targets(rows.fitting.take(proper))
    encodings: dict[str, dict[str, Any]] = {}
    left = {}
    for number, (name, entangled) in enumerate((("circuit", True), ("no_entanglement", False))):
        stated = {**base, "entangled": entangled}
        learned, left[name] = model.trained(stated, own, wanted, seeds)
        encodings[name] = {**stated, "learned": learned.tolist()}
        report((number + 1) / 2, f"{name}: {1 - left[name]:.2f} of the variance explained in training")
    encodings["untrained"] = untrained(encodings["circuit"])
    files = {"rows": npy.dump(positions.astype(np.int64)), "held": npy.dump(held.astype(np.int64))}
    for name, stated in encodings.items():
        measured = (rows.frame.iloc[held], sealed)
        files[name] = npy.dump(np.vstack([model.encode(each, stated) for each in measured]))
    return Output({"encodings": encodings, "left": left, "seeds": seeds}, files)


def _used(params: Mapping[str, Any], frame: Any) -> tuple[NDArray[np.intp], Training]:
    groups, forward = codes(frame["__group__"].tolist()), params["time_ordered"]
    seed = derive_seed(params["seed"], "rows")
    positions = task_positions(fitting_of(frame, params), groups, forward, params["most_rows"], seed)
    return positions, training(frame, positions, forward, params["seed"], params)


def _held(rows: Training, forward: bool, seed: int) -> NDArray[np.intp]:
    """Places of the rows that readouts are fitted to: whole groups by strata, or the last in time."""
    assert rows.fitting is not None
    count = len(rows)
    strata = rows.fitting.models.strata(rows.fitting.outcomes)
    if forward:
        held = np.arange(count - round(HELD * count), count)
    else:
        parts = stratified_parts(strata, codes(rows.frame["__group__"].tolist()), [1 - HELD, HELD], seed)
        held = np.flatnonzero(parts == 1)
    kinds = (len(np.unique(strata[held])), len(np.unique(np.delete(strata, held))))
    if len(held) < LEAST_HELD or min(kinds) < rows.fitting.models.least:
        raise ValueError(
            f"expected {LEAST_HELD} rows of {rows.fitting.models.least} kinds to fit a readout to, and "
            f"others to train on, got {len(held)} of {count}"
        )
    return held


def read(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Fits the readouts to what circuits measured, and the classical machine to all rows that are used.

    Args:
        params: `encodings`, `columns`, `metric`, `asked`, `time_ordered`, `seed`.
        inputs: `open_rows` and `sealed_rows` as Parquet, `rows` and `held` from `learn`, and for every
            variant its samples under its name.
        report: told of the progress.

    Returns:
        For `quantum` and the null controls files `NAME.model` and `NAME.sealed_scores`; file `train_rows`;
        value `machines`: what was tuned, by name.
    """
    open_rows, sealed = read_frame(inputs["open_rows"]), read_frame(inputs["sealed_rows"])
    rows = training(open_rows, npy.load(inputs["rows"]), params["time_ordered"], params["seed"], params)
    held, encodings = npy.load(inputs["held"]), params["encodings"]
    assert rows.fitting is not None
    files = {"train_rows": row_digests(rows.frame["__row__"].tolist())}
    machines: dict[str, dict[str, Any]] = {}

    def keep(name: str, machine: FeatureMachine, features: Floats) -> None:
        files[f"{name}.model"] = machine.to_bytes()
        files[f"{name}.sealed_scores"] = npy.dump(machine.predictions(features))

    for variant in VARIANTS:
        encoding, name = encodings[variant], "quantum" if variant == "circuit" else variant
        measured = model_of(encoding).features([npy.load(inputs[variant])], encoding)
        if len(measured) != len(held) + len(sealed):
            raise ValueError(f"expected {len(held)} + {len(sealed)} rows measured, got {len(measured)}")
        readout = fit_machine(measured[: len(held)], rows.fitting.take(held), 0.0, READOUT_COST)
        machines[name] = {"gamma": 0.0, "cost": READOUT_COST, "rows": len(held)}
        keep(name, readout, measured[len(held) :])
    report(0.5, "readouts fitted")
    classical = [
        model_of(encodings["circuit"]).classical(each, encodings["circuit"]) for each in (rows.frame, sealed)
    ]
    tuned = rows.tuned(classical[0], params["metric"])
    machines["rbf_same_features"] = {"gamma": tuned.gamma, "cost": tuned.cost, "rows": len(rows)}
    machine = fit_machine(classical[0], rows.fitting, tuned.gamma, tuned.cost)
    keep("rbf_same_features", machine, classical[1])
    return Output({"machines": machines, "format": FORMAT}, files)
