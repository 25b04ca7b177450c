"""Estimated needs of a batch on a device, from its ISA circuits and the calibration; nothing is run."""

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

from backends.circuits.calibrations import error_per_layered_gate
from escalation.model.calibration import Calibration, GateCalibration

if TYPE_CHECKING:
    from backends.ibm_runtime.transpilation import IsaCircuit

SUB_JOB_S = 2.0
"""Seconds IBM charges a sub-job beyond its executions (IBM's guide to estimating job run time)."""

FROM_LAYERS = "layer fidelity"
FROM_GATES = "gate errors"


def qpu_s(calibration: Calibration, circuits: Iterable[tuple[float, int]]) -> float | None:
    """Estimates the seconds of hardware: 2 s a sub-job + (repetition delay + circuit length) × executions.

    Args:
        found: None is returned where it reports no repetition delay.
        circuits: per pub its circuit's length in seconds and its executions (sets × shots).
    """
    delay_s = calibration.repetition_delay_s
    if delay_s is None:
        return None
    return sum(SUB_JOB_S + (delay_s + length_s) * executions for length_s, executions in circuits)


def fidelity_source(calibration: Calibration) -> str:
    """Names what the two-qubit part of `expected_fidelity` rests on; the two are never mixed."""
    return FROM_LAYERS if calibration.layer_fidelity else FROM_GATES


def expected_fidelity(calibration: Calibration, isa: "IsaCircuit") -> float | None:
    """Estimates a circuit's fidelity: (1 - EPLG)^(two-qubit gates) × Π (1 - readout error).

    Where no layer fidelity is reported the first factor is Π (1 - gate error) over its two-qubit gates.
    None where an error that it needs is not reported.
    """
    readouts = {qubit.qubit: qubit.readout_error for qubit in calibration.qubits}
    read = [readouts[qubit] for qubit in isa.measured]
    if calibration.layer_fidelity:
        gates: list[float | None] = [error_per_layered_gate(calibration, len(isa.qubits))] * len(
            isa.entanglers
        )
    else:
        errors = {frozenset(gate.qubits): gate.error for gate in _two_qubit(calibration)}
        gates = [errors.get(frozenset((gate.a, gate.b))) for gate in isa.entanglers]
    known = [error for error in (*gates, *read) if error is not None]
    return prod(1.0 - error for error in known) if len(known) == len(gates) + len(read) else None


def length_s(calibration: Calibration, isa: "IsaCircuit") -> float:
    """Returns the seconds the circuit takes when every gate starts as early as it can."""
    durations = {(gate.gate, gate.qubits): gate.duration_s or 0.0 for gate in calibration.gates}
    free: dict[int, float] = {}
    for instruction in isa.circuit.data:
        qubits = tuple(isa.circuit.find_bit(qubit).index for qubit in instruction.qubits)
        start = max((free.get(qubit, 0.0) for qubit in qubits), default=0.0)
        took = 0.0 if instruction.name == "barrier" else durations.get((instruction.name, qubits), 0.0)
        free.update(dict.fromkeys(qubits, start + took))
    return max(free.values(), default=0.0)


def _two_qubit(calibration: Calibration) -> Iterable[GateCalibration]:
    return (gate for gate in calibration.gates if len(gate.qubits) == 2)
