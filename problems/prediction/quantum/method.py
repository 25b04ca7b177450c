"""The quantum tier: a kernel machine of the task on a projected quantum kernel, with its null controls.

Projected as in Huang et al. 2021 (Nat. Commun. 12, 2631): every row becomes a circuit's parameters, the
circuit is sampled in three bases, and what counts are the one-qubit expectation values. The circuits are
written down as OpenQASM 3 by plain Python; no quantum package is needed here.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from escalation.model.amounts import Bounds
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Device
from escalation.ports.methods import Sends, Yields, all_succeeded, succeeded
from problems.prediction.kernels import quantum_features
from problems.prediction.models.feature_machine import OF_RARE
from problems.prediction.models.feature_svm import FORMAT
from problems.prediction.tables.table import TableView, width
from toolbox.arrays import npy
from toolbox.circuits.batches import OPTIONS

SHOTS = 1024
LAYERS = 2
MOST_QUBITS = 8
MOST_OPEN_ROWS = 200
"""Open rows beyond this many are left to the classical tiers: every row is three circuits, twice."""

NAME = "projected kernel"
BATCHES = (f"{NAME}: the circuit", f"{NAME}: the circuit without entanglement")
KERNEL_MACHINE = "RBF kernel machine"
"""Of every task but two classes, see `models.feature_machine`."""

NO_SETS = {"made": False, "because": "for this task none are made from what circuits measure"}
LOCAL = Resources(wall_s=120.0)
REMOTE = Resources(wall_s=3600.0)


def qubits_for(view: TableView) -> int:
    """One qubit a feature, at most 8; a constructed data set says how many."""
    stated = view.extra.get("quantum_features")
    return int(stated) if stated else max(1, min(MOST_QUBITS, width(view.columns)))


def layers_for(view: TableView) -> int:
    """Two layers, unless a constructed data set says otherwise."""
    return int(view.extra.get("quantum_layers", LAYERS))


def choose_params(view: TableView, seed: int) -> dict[str, Any]:
    """The parameters of `projected.choose`, which the family's facts share."""
    return {
        "columns": [column.to_json() for column in view.columns],
        "qubits": qubits_for(view),
        "layers": layers_for(view),
        "native": bool(view.extra.get("quantum_features")),
        "metric": view.metric,
        "time_ordered": view.time_ordered,
        "most_rows": MOST_OPEN_ROWS,
        "seed": seed,
        **_asked(view),
    }


def _asked(view: TableView) -> dict[str, Any]:
    """What is asked, where it is not which of two classes, all rows alike."""
    plain = view.metric not in OF_RARE and "weight" not in view.asked.parameters
    return {} if view.asked.task == "binary" and plain else {"asked": view.asked.to_json()}


class ProjectedKernel:
    """Method `projected_kernel`, for every task. Nothing of its circuit is trained but one bandwidth.

    Work, by ordinal: 0 chooses encoding and bandwidth; 1 and 2, together, sample the circuit and the same
    circuit without entanglement (each in the bases x, y, z); 3 fits and calibrates.
    """

    name = "projected_kernel"
    tier = Tier.QUANTUM
    work_kind = CircuitBatch.kind

    def quote(self, view: TableView, device: Device) -> Quote:
        """Bounds an attempt from batches of the right shape, all of their parameters zero."""
        sets = min(MOST_OPEN_ROWS, view.n_open) + view.n_sealed
        shape = {"qubits": qubits_for(view), "layers": layers_for(view)}
        total = Quote(amounts=Bounds(wall_s=2 * LOCAL.wall_s, cpu_s=2 * LOCAL.wall_s))
        for entangled in (True, False):
            encoding = {**shape, "entangled": entangled}
            names = quantum_features.circuits(encoding)[1]
            zeros = Blob(npy.dump(np.zeros((sets, len(names)))))
            total = total + device.estimate(batch(encoding, zeros, 0))
        return total

    def solve(self, view: TableView, seed: int) -> Generator[Yields, Sends, Candidate]:
        """Yields the work, returns the candidate with both null controls.

        Raises:
            TierwiseError: when a piece of work failed: without its null controls a quantum answer proves
                nothing, so a failed control fails the attempt.
        """
        tables = {"open_rows": view.open_rows, "sealed_rows": view.sealed_rows}
        chosen = succeeded(
            (yield _local("choose", choose_params(view, seed), tables)), f"{NAME}: choosing the bandwidth"
        )
        batches = _batches(chosen, seed)
        sampled = all_succeeded((yield batches), BATCHES)
        params = {
            "encoding": chosen.values["encoding"],
            "metric": view.metric,
            "time_ordered": view.time_ordered,
            "shots": SHOTS,
            "seed": seed,
            **({"columns": [column.to_json() for column in view.columns]} if _asked(view) else {}),
            **_asked(view),
        }
        inputs = {**tables, "rows": chosen.files["rows"], **_samples(sampled)}
        fitted = succeeded((yield _local("fit", params, inputs)), f"{NAME}: fitting the kernel machines")
        return _candidate(view, chosen, fitted)


def batch(encoding: Mapping[str, Any], parameters: Blob, seed: int) -> CircuitBatch:
    """The three circuits of an encoding, every row of `parameters` a parameter set of each."""
    return batch_of(quantum_features.circuits(encoding), parameters, seed)


def batch_of(circuits: tuple[Sequence[str], tuple[str, ...]], parameters: Blob, seed: int) -> CircuitBatch:
    """Circuits that share named parameters, every row of `parameters` a parameter set of each."""
    texts, names = circuits
    return CircuitBatch(tuple(Pub(text, parameters, names, SHOTS) for text in texts), OPTIONS, seed, REMOTE)


def _local(name: str, params: Mapping[str, Any], inputs: Mapping[str, Blob]) -> LocalCall:
    return LocalCall(f"problems.prediction.quantum.projected:{name}", params, inputs, LOCAL)


def _batches(chosen: RawResult, seed: int) -> tuple[Work, ...]:
    encoding = chosen.values["encoding"]
    return tuple(
        batch({**encoding, "entangled": entangled}, chosen.files[name], derive_seed(seed, name))
        for name, entangled in (("circuit", True), ("control", False))
    )


def _samples(sampled: Sequence[RawResult]) -> dict[str, Blob]:
    named = zip(("circuit", "control"), sampled, strict=True)
    return {f"{name}-{k}": result.files[f"bits-{k}.npy"] for name, result in named for k in range(3)}


def _candidate(view: TableView, chosen: RawResult, fitted: RawResult) -> Candidate:
    encoding = chosen.values["encoding"]
    trained = fitted.files["train_rows"].size // 32
    span = [trained, trained + view.n_sealed]
    plain = {**encoding, "entangled": False}
    sources: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "quantum": (encoding, {"kind": "circuit", "work": 1, "sealed_sets": span}),
        "rbf_same_features": (encoding, {"kind": "classical"}),
        "no_entanglement": (plain, {"kind": "circuit", "work": 2, "sealed_sets": span}),
    }
    made = {name: _one(name, *source, fitted) for name, source in sources.items()}
    quantum = made.pop("quantum")
    notes = {
        "open_rows_used": trained,
        "open_rows": view.n_open,
        "row_cap": f"at most {MOST_OPEN_ROWS} open rows, drawn with every class keeping its share",
        "shots": SHOTS,
        "options": dict(OPTIONS),
        "bandwidths": chosen.values["history"],
        "kernel_noiseless": chosen.values["noiseless"],
        "kernel_measured": fitted.values["measured"],
        "cross_validated": {name: fitted.values[name]["score"] for name in sources},
        "conformal": fitted.values.get("sets", NO_SETS),
        **({"model_complexity": fitted.values["complexity"]} if "complexity" in fitted.values else {}),
    }
    return Candidate(*_with_sets(quantum, fitted), made, notes)


def _with_sets(quantum: Candidate, fitted: RawResult) -> tuple[dict[str, Any], dict[str, Blob]]:
    """Values and files of the candidate, with its prediction sets where they were made."""
    values, files = dict(quantum.values), dict(quantum.files)
    if "conformal" in fitted.values:
        values["conformal"] = fitted.values["conformal"]
        files |= {name: fitted.files[name] for name in ("sealed_sets", "set_model")}
    return values, files


def _one(name: str, encoding: Mapping[str, Any], source: Mapping[str, Any], fitted: RawResult) -> Candidate:
    tuned = fitted.values[name]
    machine = "RBF SVM" if tuned["format"] == FORMAT else KERNEL_MACHINE
    values = {
        "model_format": tuned["format"],
        "chosen": f"{machine}, gamma {tuned['gamma']:.4g}, C {tuned['cost']:g}, "
        f"bandwidth {encoding['bandwidth']:g}, {encoding['qubits']} qubits",
        "features": dict(source),
        "encoding": dict(encoding),
    }
    files = {
        "model": fitted.files[f"{name}.model"],
        "sealed_scores": fitted.files[f"{name}.sealed_scores"],
        "train_rows": fitted.files["train_rows"],
    }
    return Candidate(values, files)
