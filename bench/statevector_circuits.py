"""The circuits that state vectors are measured on."""

from typing import Any

import numpy as np

LAYERS = 10


def fourier(qubits: int) -> Any:
    """The quantum Fourier transform with its swaps (Nielsen & Chuang, figure 5.1)."""
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(qubits)
    for qubit in reversed(range(qubits)):
        circuit.h(qubit)
        for other in reversed(range(qubit)):
            circuit.cp(np.pi / 2 ** (qubit - other), qubit, other)
    for qubit in range(qubits // 2):
        circuit.swap(qubit, qubits - 1 - qubit)
    return circuit


def random(qubits: int, layers: int = LAYERS) -> Any:
    """A rotation of every qubit and a CX on random pairs, layer by layer."""
    from qiskit import QuantumCircuit

    rng, circuit = np.random.default_rng(1), QuantumCircuit(qubits)
    for _ in range(layers):
        for qubit in range(qubits):
            circuit.u(*rng.uniform(0, 2 * np.pi, 3), qubit)
        order = [int(qubit) for qubit in rng.permutation(qubits)]
        for pair in zip(order[::2], order[1::2], strict=False):
            circuit.cx(*pair)
    return circuit
