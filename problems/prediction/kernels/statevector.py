"""The feature map without a device: exact one-qubit expectation values from the state vector, in numpy.

Used inside the training data to choose the bandwidth, to construct labels, and for the geometric difference.
"""

import numpy as np
import numpy.typing as npt

from toolbox.arrays.types import Floats

MAX_QUBITS = 12
"""Beyond this many qubits nothing here is simulated, and what rests on it is unknown."""

_AMPLITUDES_AT_ONCE = 2**20


def exact_features(parameters: Floats, qubits: int, layers: int) -> Floats:
    """Returns what infinitely many shots of a perfect device would give.

    Args:
        parameters: radians as `feature_map.angles` returns them; their number tells whether the circuit
            is entangled.
        qubits: 1 to 12.
        layers: repetitions of the map.

    Returns:
        ⟨X⟩ of every qubit, then ⟨Y⟩, then ⟨Z⟩: shape (rows, 3·qubits).

    Raises:
        ValueError: beyond 12 qubits.
    """
    if not 1 <= qubits <= MAX_QUBITS:
        raise ValueError(f"expected 1 to {MAX_QUBITS} qubits to simulate, got {qubits}")
    rows = max(1, _AMPLITUDES_AT_ONCE >> qubits)
    parts = [
        _expectations(_states(parameters[start : start + rows], qubits, layers), qubits)
        for start in range(0, len(parameters), rows)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 3 * qubits))


def _states(parameters: Floats, qubits: int, layers: int) -> npt.NDArray[np.complex128]:
    """State vectors of shape (rows, 2**qubits); qubit i is bit i of the index."""
    signs = 1.0 - 2.0 * ((np.arange(2**qubits)[:, None] >> np.arange(qubits)) & 1)
    generators = np.hstack([signs, signs[:, :-1] * signs[:, 1:]])[:, : parameters.shape[1]]
    phases: npt.NDArray[np.complex128] = np.exp(-0.5j * parameters @ generators.T)
    # the first Hadamards turn |0…0⟩ into the uniform superposition
    states: npt.NDArray[np.complex128] = phases * 2.0 ** (-qubits / 2)
    for _ in range(layers - 1):
        states = _hadamards(states, qubits) * phases
    return states


def _hadamards(states: npt.NDArray[np.complex128], qubits: int) -> npt.NDArray[np.complex128]:
    for qubit in range(qubits):
        zero, one = _split(states, qubits, qubit)
        states = (np.stack([zero + one, zero - one], axis=2) / np.sqrt(2.0)).reshape(len(states), -1)
    return states


def _split(
    states: npt.NDArray[np.complex128], qubits: int, qubit: int
) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    parts = states.reshape(len(states), 2 ** (qubits - 1 - qubit), 2, 2**qubit)
    return parts[:, :, 0], parts[:, :, 1]


def _expectations(states: npt.NDArray[np.complex128], qubits: int) -> Floats:
    values = np.empty((len(states), 3, qubits))
    for qubit in range(qubits):
        zero, one = _split(states, qubits, qubit)
        coherence = np.sum(zero.conj() * one, axis=(1, 2))
        values[:, 0, qubit] = 2.0 * coherence.real
        values[:, 1, qubit] = 2.0 * coherence.imag
        values[:, 2, qubit] = np.sum(np.abs(zero) ** 2 - np.abs(one) ** 2, axis=(1, 2))
    return values.reshape(len(states), 3 * qubits)
