"""The passes of a circuit as JSON and one array, so that ranks need no parser of circuits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backends.circuits.pictures import Array
from backends.statevector_mpi.fusion import Dense, Diagonal, Pass


@dataclass(frozen=True)
class PassPlan:
    """The passes of a circuit.

    Attributes:
        qubits: of the circuit.
        passes: in order.
    """

    qubits: int
    passes: tuple[Pass, ...]

    def of(self, number: int) -> "PassPlan":
        """The same for one parameter set alone."""
        return PassPlan(self.qubits, tuple(_of(each, number) for each in self.passes))

    def encoded(self) -> tuple[dict[str, Any], Array]:
        """Returns what `decoded` reads: JSON, and all the numbers."""
        numbers: list[Array] = []
        where = 0

        def kept(array: Array) -> list[int]:
            nonlocal where
            numbers.append(np.ravel(array))
            where += array.size
            return [where - array.size, len(array)]

        passes = [
            {"dense": [list(each.qubits), *kept(each.matrix)]}
            if isinstance(each, Dense)
            else {"diagonal": [[list(qubits), *kept(term)] for qubits, term in each.terms.items()]}
            for each in self.passes
        ]
        flat = np.concatenate(numbers) if numbers else np.zeros(0)
        return {"qubits": self.qubits, "passes": passes}, flat.astype(np.complex128)

    @classmethod
    def decoded(cls, data: Mapping[str, Any], numbers: Array) -> "PassPlan":
        """Reads what `encoded` returned."""
        return cls(data["qubits"], tuple(_pass(each, numbers) for each in data["passes"]))


def _pass(data: Mapping[str, Any], numbers: Array) -> Pass:
    if "dense" in data:
        qubits, offset, sets = data["dense"]
        size = 2 ** len(qubits)
        return Dense(tuple(qubits), _cut(numbers, offset, (sets, size, size)))
    terms = {
        tuple(qubits): _cut(numbers, offset, (sets, 2 ** len(qubits)))
        for qubits, offset, sets in data["diagonal"]
    }
    return Diagonal(terms)


def _cut(numbers: Array, offset: int, shape: Sequence[int]) -> Array:
    return numbers[offset : offset + int(np.prod(shape))].reshape(shape)


def _of(each: Pass, number: int) -> Pass:
    if isinstance(each, Dense):
        return Dense(each.qubits, _chosen(each.matrix, number))
    return Diagonal({qubits: _chosen(term, number) for qubits, term in each.terms.items()})


def _chosen(array: Array, number: int) -> Array:
    """One parameter set's, shape (1, …)."""
    return array if len(array) == 1 else array[number : number + 1]
