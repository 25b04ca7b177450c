"""How long a circuit takes, by the gate lengths in the properties that are served. Needs qiskit."""

from functools import cache
from typing import TYPE_CHECKING, Any

from practice import devices
from practice.circuits import BARRIER, operations
from practice.errors import UnusableJob

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}
DELAY = "delay"


def length_s(circuit: "QuantumCircuit", device: str) -> float:
    """Returns the seconds of one execution: everything starts as soon as its qubits are free.

    Raises:
        practice.errors.UnusableJob: on what the device has no length for, control flow included.
    """
    free = [0.0] * circuit.num_qubits
    for instruction, (name, where) in zip(circuit.data, operations(circuit), strict=True):
        if where:
            end = max(free[qubit] for qubit in where) + _takes_s(instruction.operation, name, where, device)
            for qubit in where:
                free[qubit] = end
    return max(free, default=0.0)


def _takes_s(operation: Any, name: str, where: tuple[int, ...], device: str) -> float:
    if name == BARRIER:
        return 0.0
    if name == DELAY:
        return waits_s(operation, device)
    known = _lengths_s(device)
    length_s = known.get((name, where), known.get((name, where[::-1])))
    if length_s is None:
        raise UnusableJob(
            f"practice runs the device's gates without control flow, got {name} on {list(where)}"
        )
    return length_s


def waits_s(operation: Any, device: str) -> float:
    """Seconds of a delay, in whatever unit it is given."""
    unit = devices.step_s(device) if operation.unit == "dt" else SECONDS[operation.unit]
    return float(operation.duration) * unit


@cache
def _lengths_s(device: str) -> dict[tuple[str, tuple[int, ...]], float]:
    """By gate and qubits; what takes no time is there, too. Older properties tell readouts by the qubit."""
    served = devices.measured(device, 1.0)
    durations = [("measure", (qubit,), items) for qubit, items in enumerate(served["qubits"])]
    durations += [(gate["gate"], tuple(gate["qubits"]), gate["parameters"]) for gate in served["gates"]]
    return {
        (name, where): float(item["value"]) * SECONDS[item["unit"]]
        for name, where, items in durations
        for item in items
        if item["name"] in ("gate_length", "readout_length")
    }
