"""Circuits that are trained on the simulator and evaluated on the device, with their null controls.

A policy asks for them by name: `methods: {prediction: [nested_cv, boosted_trees, reuploading]}`.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from escalation.model.amounts import Bounds
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.methods import Sends, Yields, all_succeeded, succeeded
from problems.prediction.kernels.circuit_models import TRAINED
from problems.prediction.quantum.method import LOCAL, MOST_OPEN_ROWS, NO_SETS, SHOTS, batch_of
from problems.prediction.quantum.trained import VARIANTS
from problems.prediction.tables.table import TableView, width
from toolbox.arrays import npy
from toolbox.circuits.batches import OPTIONS


class _TrainedCircuit:
    """Work, by ordinal: 0 trains; 1, 2 and 3, together, sample the circuit, the same without entanglement and
    the same untrained, once a row; 4 fits readouts and the classical control."""

    name: str
    tier = Tier.QUANTUM
    work_kind = CircuitBatch.kind
    by_name_only = True
    words: str

    def shape(self, view: TableView) -> dict[str, int]:
        """Qubits, layers and the features that the circuit takes."""
        raise NotImplementedError

    def quote(self, view: TableView, device: Device) -> Quote:
        """Bounds an attempt from batches of the right shape, all of their parameters zero."""
        sets = min(MOST_OPEN_ROWS, view.n_open) + view.n_sealed
        total = Quote(amounts=Bounds(wall_s=2 * LOCAL.wall_s, cpu_s=2 * LOCAL.wall_s))
        for variant in VARIANTS:
            encoding = {**self.shape(view), "circuit": self.name, "entangled": variant != "no_entanglement"}
            names = TRAINED[self.name].circuits(encoding)[1]
            total = total + device.estimate(
                measured(encoding, Blob(npy.dump(np.zeros((sets, len(names))))), 0)
            )
        return total

    def solve(self, view: TableView, seed: int) -> Generator[Yields, Sends, Candidate]:
        """Yields the work, returns the candidate with its three null controls.

        Raises:
            TierwiseError: when a piece of work failed: a failed control fails the attempt.
        """
        tables = {"open_rows": view.open_rows, "sealed_rows": view.sealed_rows}
        asked = _asked(view, seed)
        params = {**asked, **self.shape(view), "circuit": self.name, "most_rows": MOST_OPEN_ROWS}
        learnt = succeeded((yield _local("learn", params, tables)), f"{self.words}: training")
        encodings = learnt.values["encodings"]
        batches = tuple(
            measured(encodings[each], learnt.files[each], derive_seed(seed, each)) for each in VARIANTS
        )
        said = [f"{self.words}: {each.replace('_', ' ')}" for each in VARIANTS]
        sampled = all_succeeded((yield batches), said)
        inputs = {
            **tables,
            **{name: learnt.files[name] for name in ("rows", "held")},
            **{name: each.files["bits-0.npy"] for name, each in zip(VARIANTS, sampled, strict=True)},
        }
        read = succeeded(
            (yield _local("read", {**asked, "encodings": encodings}, inputs)), f"{self.words}: its readout"
        )
        return self._candidate(view, learnt, read)

    def _candidate(self, view: TableView, learnt: RawResult, read: RawResult) -> Candidate:
        held = len(npy.load(learnt.files["held"].data))
        span = [held, held + view.n_sealed]
        encodings = learnt.values["encodings"]
        sources: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {
            "rbf_same_features": (encodings["circuit"], {"kind": "classical"})
        }
        for number, variant in enumerate(VARIANTS, 1):
            source = {"kind": "circuit", "work": number, "sealed_sets": span}
            sources["quantum" if variant == "circuit" else variant] = (encodings[variant], source)
        made = {name: self._one(name, *source, read) for name, source in sources.items()}
        quantum = made.pop("quantum")
        notes = {
            "open_rows_used": read.files["train_rows"].size // 32,
            "open_rows": view.n_open,
            "rows_measured": held,
            "row_cap": f"at most {MOST_OPEN_ROWS} open rows, drawn with every class keeping its share",
            "shots": SHOTS,
            "options": dict(OPTIONS),
            "seeds_of_training": learnt.values["seeds"],
            "variance_left_in_training": learnt.values["left"],
            "machines": read.values["machines"],
            "conformal": NO_SETS,
        }
        return Candidate(quantum.values, quantum.files, made, notes)

    def _one(
        self, name: str, encoding: Mapping[str, Any], source: Mapping[str, Any], read: RawResult
    ) -> Candidate:
        machine = read.values["machines"][name]
        chosen = f"{self.words}, {encoding['qubits']} qubits"
        if source["kind"] == "classical":
            chosen = f"RBF kernel machine, gamma {machine['gamma']:.4g}, C {machine['cost']:g}"
        values = {
            "model_format": read.values["format"],
            "chosen": chosen,
            "features": dict(source),
            "encoding": dict(encoding),
        }
        files = {each: read.files[f"{name}.{each}"] for each in ("model", "sealed_scores")}
        return Candidate(values, {**files, "train_rows": read.files["train_rows"]})


class ReuploadingCircuit(_TrainedCircuit):
    """Method `reuploading`: two qubits, features entering in each of three layers, for every task."""

    name = "reuploading"
    words = "re-uploading circuit"

    def shape(self, view: TableView) -> dict[str, int]:
        return {"qubits": 2, "layers": 3, "width": max(1, min(6, width(view.columns)))}


class QuantumPerceptron(_TrainedCircuit):
    """Method `perceptron`: one neuron of 4, 8 or 16 inputs of ±1, one of them constant, for two classes."""

    name = "perceptron"
    words = "quantum perceptron"
    tasks: ClassVar[Sequence[str]] = ("binary",)

    def shape(self, view: TableView) -> dict[str, int]:
        features = max(1, min(15, width(view.columns)))
        qubits = max(2, features.bit_length())
        return {"qubits": qubits, "layers": 1, "width": features}


def measured(encoding: Mapping[str, Any], parameters: Blob, seed: int) -> CircuitBatch:
    """The one circuit of an encoding, every row of `parameters` a parameter set."""
    return batch_of(TRAINED[encoding["circuit"]].circuits(encoding), parameters, seed)


def _local(name: str, params: Mapping[str, Any], inputs: Mapping[str, Blob]) -> LocalCall:
    return LocalCall(f"problems.prediction.quantum.trained:{name}", params, inputs, LOCAL)


def _asked(view: TableView, seed: int) -> dict[str, Any]:
    return {
        "columns": [column.to_json() for column in view.columns],
        "metric": view.metric,
        "asked": view.asked.to_json(),
        "time_ordered": view.time_ordered,
        "seed": seed,
    }
