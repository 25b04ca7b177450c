"""The noise of a device, made by Aer from the properties that are served, cut to the qubits in use.

Needs qiskit.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from practice import devices
from practice.timing import SECONDS

if TYPE_CHECKING:
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

MATRIX_QUBITS = 9
"""Up to so many noisy qubits a density matrix is quicker than a run for each shot (a guess)."""
THREADS = min(2, os.cpu_count() or 1)
"""Results do not depend on it: every parameter set has a seed of its own."""
READOUTS = ("measure", "measure_2")
"""Their errors are in the qubits' own items; as gates they would count twice."""
ANY_FREQUENCY = {"name": "frequency", "value": 5.0, "unit": "GHz", "date": "2026-01-01T00:00:00Z"}
"""Aer wants one; at its temperature of zero it has no effect."""


@dataclass(frozen=True)
class JobPlace:
    """Where a job runs.

    Attributes:
        device: its practice name.
        factor: how far it has drifted.
        noise: whether it is noisy.
        seed: of the simulation.
        max_qubits: most coupled qubits that are simulated.
        delay_s: the device's repetition delay.
    """

    device: str
    factor: float
    noise: bool
    seed: int
    max_qubits: int
    delay_s: float


def seed_of(*numbers: int) -> int:
    """Returns a 32-bit seed for the simulation that these numbers name."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@cache
def simulator(device: str, qubits: tuple[int, ...], factor: float, noise: bool) -> "AerSimulator":
    """Returns the simulator for those physical qubits of a device, noisy or ideal."""
    from qiskit_aer import AerSimulator

    method = "automatic"
    if noise:
        method = "density_matrix" if len(qubits) <= MATRIX_QUBITS else "statevector"
    simulator = AerSimulator(
        method=method,
        fusion_threshold=1,  # fuse narrow circuits, too
        max_parallel_threads=THREADS,
        max_parallel_experiments=THREADS,
    )
    if noise:
        simulator.set_options(noise_model=noise_model(device, qubits, factor))
    return simulator


@cache
def noise_model(device: str, qubits: tuple[int, ...], factor: float) -> "NoiseModel":
    """Returns the model of those qubits by `NoiseModel.from_backend_properties`, `qubits[k]` as qubit k."""
    from qiskit_aer.noise import NoiseModel
    from qiskit_ibm_runtime.models import BackendProperties

    served = devices.measured(device, factor)
    at = {qubit: number for number, qubit in enumerate(qubits)}
    gates = [
        {**gate, "qubits": [at[qubit] for qubit in gate["qubits"]]}
        for gate in served["gates"]
        if set(gate["qubits"]) <= set(at) and gate["gate"] not in READOUTS and not _disabled(gate)
    ]
    cut = {
        **served,
        "last_update_date": ANY_FREQUENCY["date"],
        "qubits": [[*served["qubits"][qubit], ANY_FREQUENCY] for qubit in qubits],
        "gates": gates,
    }
    return NoiseModel.from_backend_properties(
        BackendProperties.from_dict(cut), dt=devices.step_s(device), gate_length_units="ns"
    )


def _disabled(gate: dict[str, Any]) -> bool:
    return any(item["name"] == "gate_error" and item["value"] >= 1 for item in gate["parameters"])


def coherence_s(device: str, qubit: int, factor: float) -> tuple[float, float] | None:
    """T1 and T2 of a physical qubit in seconds, T2 at most twice T1; None where they are not known."""
    items = {item["name"]: item for item in devices.measured(device, factor)["qubits"][qubit]}
    if not {"T1", "T2"} <= set(items):
        return None
    t1, t2 = (items[name]["value"] * SECONDS[items[name]["unit"]] for name in ("T1", "T2"))
    return t1, min(t2, 2 * t1)
