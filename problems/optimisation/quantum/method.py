"""The quantum tier: a small problem, QAOA on it with angles from the literature, and its null control.

Nothing is optimised on the device: one batch of three circuits. Work, by ordinal: 0 makes the small problem;
1 samples the circuit, and the same qubits read after nothing and after X; 2 searches from the samples, and
from as many uniformly random bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from escalation.model.amounts import Bounds
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.methods import Solve, succeeded
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model.models import Appointments, Model, Triage, sign
from problems.optimisation.quantum.circuits import SHOTS, AngledCircuits, batch, design
from problems.optimisation.quantum.reduction import REDUCED_QUBITS, prepare
from problems.optimisation.quantum.subproblem import parse
from toolbox.circuits.batches import OPTIONS
from toolbox.circuits.null_control import uniform_seed

MOST_EFFORT_S = 10.0
"""Seconds of effort that the start and the bound each get, where the instance allows as many."""
CALLS = "problems.optimisation.quantum.calls"


@dataclass(frozen=True)
class ReducedQaoa:
    """Method `qaoa`."""

    name: str = "qaoa"
    tier: Tier = Tier.QUANTUM
    work_kind: str = CircuitBatch.kind

    def quote(self, view: OptimisationView, device: Device) -> Quote:
        """Bounds an attempt: the very circuits where they are known before any search, else the largest."""
        wall_s = 2 * _resources(view).wall_s
        circuits = known(view.model) or design(largest())
        return Quote(amounts=Bounds(wall_s=wall_s, cpu_s=wall_s)) + device.estimate(batch(circuits, 0))

    def solve(self, view: OptimisationView, seed: int) -> Solve:
        """Yields the work, returns the candidate with its null control.

        Raises:
            TierwiseError: when a piece of work failed: without its null control a quantum answer proves
                nothing.
        """
        params = {"seed": derive_seed(seed, "reduce"), "effort_s": min(view.search_s, MOST_EFFORT_S)}
        reduced = succeeded(
            (yield _call("reduce", params, {"model": view.blob}, view)), "qaoa: making it smaller"
        )
        circuits = design(parse(reduced.files["subproblem"].data).form)
        sent = batch(circuits, derive_seed(seed, "circuits"))
        sampled = succeeded((yield sent), "qaoa: the circuits")
        inputs = {"model": view.blob, "subproblem": reduced.files["subproblem"], **sampled.files}
        if "start" in reduced.files:
            inputs["start"] = reduced.files["start"]
        finished = yield _call("finish", {"seed": uniform_seed(sampled)}, inputs, view)
        return _candidate(
            view.model, circuits, reduced, succeeded(finished, "qaoa: searching from the samples")
        )


def known(model: Model) -> AngledCircuits | None:
    """The circuits of an instance that needs no search to fit; None for any other."""
    if isinstance(model, Appointments | Triage):
        return None
    ready = prepare(model)
    return None if ready.how == "neighbourhood" else design(ready.kernel.form)


def largest() -> SpinForm:
    """Every variable that may be left, each coupled to each: no neighbourhood needs more gates or rounds."""
    pairs = np.stack(np.triu_indices(REDUCED_QUBITS, 1), axis=1).astype(np.int64)
    ones = np.ones(REDUCED_QUBITS, dtype=np.int64)
    return SpinForm(0, ones, pairs, np.ones(len(pairs), dtype=np.int64))


def _resources(view: OptimisationView) -> Resources:
    """Effort is counted in an ordinary core's seconds; a busy machine is given six times as many."""
    return Resources(wall_s=120.0 + 12 * min(view.search_s, MOST_EFFORT_S))


def _call(
    name: str, params: Mapping[str, Any], inputs: Mapping[str, Blob], view: OptimisationView
) -> LocalCall:
    return LocalCall(f"{CALLS}:{name}", params, inputs, _resources(view))


def _candidate(model: Model, circuits: AngledCircuits, reduced: RawResult, finished: RawResult) -> Candidate:
    bound = reduced.values["bound"]
    stated = None if bound is None else sign(model) * int(bound)
    files = {name: reduced.files[name] for name in ("proofs", "subproblem")}
    made = {
        name: Candidate(
            {
                "kind": model.kind,
                "solution": finished.values[name]["answer"]["solution"],
                "objective": finished.values[name]["answer"]["objective"],
                "bound": stated,
                "engine": engine,
                "best_four_cost": finished.values[name]["best_four_cost"],
            },
            files,
        )
        for name, engine in (("quantum", "qaoa"), ("uniform", "uniform_bits"))
    }
    quantum = made["quantum"]
    notes = {
        "reduction": reduced.values["notes"],
        "circuits": circuits.describe(),
        "shots": SHOTS,
        "options": dict(OPTIONS),
        "samples": {name: finished.values[name]["summary"] for name in made},
        "answers_from": {name: finished.values[name]["answer"]["from"] for name in made},
        "readout": finished.values["readout"],
        "deterministic": "given the samples: seeds and counted effort, no clock",
    }
    return Candidate(quantum.values, quantum.files, {"uniform_bits": made["uniform"]}, notes)
