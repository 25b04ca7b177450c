"""Two ways to write down the state of a circuit of one- and two-qubit gates: amplitudes, and a Pauli vector.

In both a state of n qubits is a tensor of n axes of one size (2 amplitudes, or 4 Paulis), a gate a matrix on
one or two of them, and what is done to one qubit before it is read a matrix on one. A first axis of every
array counts parameter sets, or has length 1 where they do not differ. numpy only.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Misread = tuple[float, float]
"""Probabilities of reading 1 for 0, and 0 for 1."""

_PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


class Picture(Protocol):
    """How states, gates and readings are written down."""

    size: int
    """Entries a qubit."""
    start: Array
    """A qubit in |0⟩, shape (size,)."""

    def gate(self, unitary: Array) -> Array:
        """Turns unitaries (sets, 2^k, 2^k) into matrices (sets, size^k, size^k); the first qubit is least."""
        ...

    def reading(self, tail: Array, misread: Misread) -> Array:
        """Joins a qubit's last matrices (sets, size, size) with its reading: (sets, 2, size)."""
        ...

    def probabilities(self, read: Array) -> Array:
        """Turns a state all of whose qubits were read, (sets, 2^n), into probabilities of the outcomes."""
        ...


class Amplitudes:
    """State vectors: pure states, no noise."""

    size = 2
    start: Array = np.array([1.0, 0.0], dtype=np.complex128)

    def gate(self, unitary: Array) -> Array:
        return unitary

    def reading(self, tail: Array, misread: Misread) -> Array:
        if misread != (0.0, 0.0):
            raise ValueError(f"expected no readout errors with amplitudes, got {misread}")
        return tail

    def probabilities(self, read: Array) -> Array:
        weights: Array = np.square(read.real) + np.square(read.imag)
        return weights


class PauliVector:
    """Density matrices ρ as their expectation values tr(Pρ), and channels as Pauli transfer matrices.

    Real, and half as large as the density matrix; entry of a Pauli string at its letters (I, X, Y, Z) read as
    digits. See Greenbaum 2015, arXiv:1509.02921, section 3.
    """

    size = 4
    start: Array = np.array([1.0, 0.0, 0.0, 1.0])

    def gate(self, unitary: Array) -> Array:
        paulis = _PAULIS if unitary.shape[-1] == 2 else _two_qubit_paulis()
        conjugate = kron(unitary, unitary.conj())
        into = paulis.transpose(0, 2, 1).reshape(len(paulis), -1)
        back = paulis.reshape(len(paulis), -1).T / unitary.shape[-1]
        made: Array = np.real(into @ conjugate @ back)
        return made

    def reading(self, tail: Array, misread: Misread) -> Array:
        one_for_zero, zero_for_one = misread
        read = np.array([[1.0 - one_for_zero, zero_for_one], [one_for_zero, 1.0 - zero_for_one]])
        projectors = np.array([[0.5, 0.0, 0.0, 0.5], [0.5, 0.0, 0.0, -0.5]])
        made: Array = (read @ projectors) @ tail
        return made

    def probabilities(self, read: Array) -> Array:
        return read


def _two_qubit_paulis() -> Array:
    return kron(np.repeat(_PAULIS, 4, axis=0), np.tile(_PAULIS, (4, 1, 1)))


def kron(high: Array, low: Array) -> Array:
    """Kronecker products of two stacks of square matrices, (sets, a, a) and (sets, b, b)."""
    made = high[:, :, None, :, None] * low[:, None, :, None, :]
    width = high.shape[-1] * low.shape[-1]
    return made.reshape(len(made), width, width)
