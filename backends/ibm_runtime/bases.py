"""Measures an ISA circuit in another basis than Z, by gates of the device. Needs qiskit."""

from math import pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def in_basis(circuit: "QuantumCircuit", basis: str) -> "QuantumCircuit":
    """Returns the circuit with its final measurements in a basis.

    √X† Z √X is Y, and with a quarter turn about Z before it X; both gates are in the instruction set of every
    device, so the turn has the noise of the gates that would make it.

    Args:
        circuit: measures qubits at its end only.
        basis: a letter for every classical bit, the last for bit 0; I as Z.
    """
    turned = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.name == "measure":
            letter = basis[-1 - circuit.find_bit(instruction.clbits[0]).index]
            if letter == "X":
                turned.rz(pi / 2, instruction.qubits)
            if letter in "XY":
                turned.sx(instruction.qubits)
        turned.append(instruction)
    return turned
