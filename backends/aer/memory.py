"""How large a state vector Aer holds on this machine."""

from math import log2, pi
from typing import TYPE_CHECKING

from backends.processes.capacity import host
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

AMPLITUDE_BYTES = 16
"""In double precision; Aer refuses what is larger than the machine's memory."""


def holds_log2(settings: Settings) -> float:
    """Base-2 logarithm of the amplitudes that this machine's memory holds."""
    memory_mb = host().memory_mb
    assert memory_mb is not None
    return log2(memory_mb * 2**20 / AMPLITUDE_BYTES)


CLIFFORD = frozenset(
    (
        *("cx", "cy", "cz", "ecr", "h", "id", "pauli", "s", "sdg", "swap", "sx", "sxdg", "x", "y", "z"),
        *("barrier", "delay", "measure", "reset", "store", "global_phase", "break_loop", "continue_loop"),
        *("if_else", "for_loop", "while_loop", "switch_case"),
    )
)
"""What Aer runs on a tableau where a circuit has nothing else, of however many qubits (Aaronson & Gottesman
2004, doi:10.1103/PhysRevA.70.052328), and turns about Z by quarters."""
QUARTER = 1e-9


def as_tableau(circuit: "QuantumCircuit") -> bool:
    """Whether Aer can run it without amplitudes."""
    return all(map(_clifford, circuit.data))


def _clifford(instruction: "CircuitInstruction") -> bool:
    if instruction.name != "rz":
        inner = getattr(instruction.operation, "blocks", ())
        return instruction.name in CLIFFORD and all(map(as_tableau, inner))
    (angle,) = instruction.params
    return not getattr(angle, "parameters", ()) and abs((float(angle) / (pi / 2) + 0.5) % 1 - 0.5) < QUARTER


def check(qubits: int) -> None:
    """Raises `BadInput` where this machine cannot hold the amplitudes of so many qubits."""
    most = int(holds_log2(Settings()))
    if qubits > most:
        raise BadInput(
            f"expected at most {most} qubits, whose amplitudes this machine's memory holds, or nothing but "
            f"Clifford gates, got {qubits} qubits; take fewer, statevector_mpi over machines with "
            "more memory, or a quantum device"
        )
