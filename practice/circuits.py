"""Which qubits of a device a circuit touches, and the circuit over those alone. Needs qiskit."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

BARRIER = "barrier"
"""Orders operations in time; acts on nothing."""


def operations(circuit: "QuantumCircuit") -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yields the name and the physical qubits of everything in the circuit, in order."""
    for instruction in circuit.data:
        yield instruction.operation.name, tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)


def touched(circuit: "QuantumCircuit") -> set[int]:
    """The physical qubits that anything acts on."""
    return {qubit for name, where in operations(circuit) if name != BARRIER for qubit in where}


def narrowed(circuit: "QuantumCircuit", qubits: Sequence[int]) -> "QuantumCircuit":
    """Returns what acts on those qubits alone, `qubits[k]` as qubit k; barriers are dropped."""
    from qiskit import QuantumCircuit, QuantumRegister

    at = {qubit: number for number, qubit in enumerate(qubits)}
    compact = QuantumCircuit(
        QuantumRegister(len(at), "part"), *circuit.cregs, global_phase=circuit.global_phase
    )
    for instruction, (name, where) in zip(circuit.data, operations(circuit), strict=True):
        if name != BARRIER and set(where) <= set(at):
            compact.append(instruction.operation, [at[qubit] for qubit in where], instruction.clbits)
    return compact
