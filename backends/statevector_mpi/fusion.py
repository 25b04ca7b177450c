"""Gates of a circuit as few passes over its amplitudes, in an order that no number of ranks changes.

One-qubit gates go into the two-qubit gate before or after them, gates on the same two qubits into one
(Häner & Steiger 2017, doi:10.1145/3126908.3126947, section 3; Smelyanskiy et al. 2016, arXiv:1601.07195).
Diagonal gates commute, so those that nothing else stands between become one pass, however many qubits they
are on; a diagonal gate that follows a one-qubit gate on each of its qubits is fused with them instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.circuits.pictures import Array, kron


@dataclass
class Dense:
    """A matrix on one or two qubits.

    Attributes:
        qubits: ascending; the first is the least significant of the matrix's index.
        matrix: shape (sets or 1, 2^k, 2^k).
    """

    qubits: tuple[int, ...]
    matrix: Array


@dataclass
class Diagonal:
    """Factors of every amplitude.

    Attributes:
        terms: by their qubits, ascending, the factors: shape (sets or 1, 2^k).
    """

    terms: dict[tuple[int, ...], Array] = field(default_factory=dict)


Pass = Dense | Diagonal


class Fusion:
    """Passes while gates are added to them."""

    def __init__(self, qubits: int) -> None:
        self._passes: list[Pass | None] = []
        self._last = [-1] * qubits
        """By qubit the number of the last pass that touches it."""
        self._diagonal = -1
        """The number of the last diagonal pass."""

    def passes(self) -> list[Pass]:
        """Returns them in order."""
        return [each for each in self._passes if each is not None]

    def add(self, where: Sequence[int], matrix: Array) -> None:
        """Adds a gate.

        Args:
            where: its one or two qubits, the first the least significant of the matrix's index.
            matrix: unitary, shape (sets or 1, 2^k, 2^k).
        """
        qubits, matrix = in_order(where, matrix)
        found = self._dense_around(qubits)
        if found is not None:
            found.matrix = _on(matrix, qubits, found.qubits) @ found.matrix
        elif _is_diagonal(matrix) and not (len(qubits) == 2 and all(map(self._alone, qubits))):
            self._join(qubits, np.diagonal(matrix, axis1=1, axis2=2))
        else:
            self._append(qubits, matrix)

    def _dense_around(self, qubits: tuple[int, ...]) -> Dense | None:
        """The dense pass on these qubits that nothing follows on any of them."""
        numbers = {self._last[qubit] for qubit in qubits}
        number = numbers.pop()
        found = self._passes[number] if number >= 0 and not numbers else None
        return found if isinstance(found, Dense) and set(qubits) <= set(found.qubits) else None

    def _alone(self, qubit: int) -> Dense | None:
        """The pass on this qubit alone that nothing follows."""
        found = self._passes[self._last[qubit]] if self._last[qubit] >= 0 else None
        return found if isinstance(found, Dense) and len(found.qubits) == 1 else None

    def _append(self, qubits: tuple[int, ...], matrix: Array) -> None:
        for qubit in qubits:
            alone = self._alone(qubit)
            if alone is not None:
                matrix = matrix @ _on(alone.matrix, alone.qubits, qubits)
                self._passes[self._last[qubit]] = None
            self._last[qubit] = len(self._passes)
        self._passes.append(Dense(qubits, matrix))

    def _join(self, qubits: tuple[int, ...], factors: Array) -> None:
        """Adds to the last diagonal pass, unless another pass on these qubits came after it."""
        if self._diagonal < 0 or any(self._last[qubit] > self._diagonal for qubit in qubits):
            self._diagonal = len(self._passes)
            self._passes.append(Diagonal())
        found = self._passes[self._diagonal]
        assert isinstance(found, Diagonal)
        found.terms[qubits] = found.terms[qubits] * factors if qubits in found.terms else factors
        for qubit in qubits:
            self._last[qubit] = self._diagonal


def in_order(where: Sequence[int], matrix: Array) -> tuple[tuple[int, ...], Array]:
    """A matrix on one or two qubits as one on the same in ascending order."""
    qubits = tuple(sorted(where))
    if tuple(where) != qubits:
        matrix = matrix.reshape(-1, 2, 2, 2, 2).transpose(0, 2, 1, 4, 3).reshape(-1, 4, 4)
    return qubits, matrix


def _is_diagonal(matrix: Array) -> bool:
    return not matrix[:, ~np.eye(matrix.shape[1], dtype=bool)].any()


def _on(matrix: Array, qubits: tuple[int, ...], more: tuple[int, ...]) -> Array:
    """The matrix as one on more qubits."""
    if qubits == more:
        return matrix
    one = np.eye(2, dtype=np.complex128)[None]
    return kron(one, matrix) if qubits == more[:1] else kron(matrix, one)
