"""The single-layer quantum perceptron of Tacchino et al. 2019 (npj Quantum Information 5, 26).

m = 2^N inputs of ±1 are the signs of a hypergraph state's amplitudes, the weights of ±1 those of another; the
neuron fires with probability |⟨w|i⟩|² = (w·i / m)². Both states differ from the uniform one by a diagonal of
signs, so their overlap is one circuit: Hadamards, the diagonal of the products w∘i, Hadamards, and the
probability of reading zeros alone (the ancilla of the paper would only record that). The diagonal is written
as turns of parities (Walsh functions; Welch et al. 2014, New J. Phys. 16, 033040), so that one circuit with
parameters serves every row, and gates with real phases in place of signs would need no other circuit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from problems.prediction.kernels.quantum_features import scale
from toolbox.arrays.types import Floats
from toolbox.circuits import qasm3
from toolbox.circuits.samples import unpacked

MOST_QUBITS = 4
"""So many inputs' weights are all tried: 2^15 of them, a weight vector and its opposite firing alike."""

_AT_ONCE = 2**10


def parities(encoding: Mapping[str, Any]) -> list[int]:
    """Returns the sets of qubits, as bits of a number, whose parity is turned; single ones unentangled."""
    sets = range(1, 2 ** _qubits(encoding))
    return [each for each in sets if encoding["entangled"] or each.bit_count() == 1]


def _qubits(encoding: Mapping[str, Any]) -> int:
    qubits: int = encoding["qubits"]
    if qubits > MOST_QUBITS:
        raise ValueError(f"expected a perceptron of at most {MOST_QUBITS} qubits, got {qubits}")
    return qubits


def circuits(encoding: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the one circuit that the encoding means, and its parameters' names.

    The parities of each qubit with those below it are visited in Gray's order, a CX apart each.
    """
    qubits = _qubits(encoding)
    names = tuple(f"turn_{each}" for each in parities(encoding))
    gates = qasm3.on_all("h", qubits)
    for top in range(qubits):
        gates += _turns_below(top) if encoding["entangled"] else [f"rz(turn_{1 << top}) q[{top}];"]
    return (qasm3.program(qubits, [*gates, *qasm3.on_all("h", qubits)], inputs=names),), names


def _turns_below(top: int) -> list[str]:
    lines, before = [f"rz(turn_{1 << top}) q[{top}];"], 0
    for number in range(1, 2**top):
        gray = number ^ (number >> 1)
        lines.append(f"cx q[{(gray ^ before).bit_length() - 1}], q[{top}];")
        lines.append(f"rz(turn_{(1 << top) | gray}) q[{top}];")
        before = gray
    return [*lines, f"cx q[{before.bit_length() - 1}], q[{top}];"] if top else lines


def classical(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the inputs of ±1, shape (rows, 2**qubits): above the middle or not, then a constant 1."""
    scaled = scale(frame, encoding)
    inputs = np.ones((len(scaled), 2 ** _qubits(encoding)))
    inputs[:, : scaled.shape[1]] = np.where(scaled > 0, 1.0, -1.0)
    return inputs


def learned_of(encoding: Mapping[str, Any]) -> Floats:
    """Returns the weights of ±1, shape (2**qubits,); raises `ValueError` on others."""
    weights: Floats = np.asarray(encoding["learned"], dtype=np.float64)
    if weights.shape != (2 ** _qubits(encoding),) or not bool(np.all(np.abs(weights) == 1)):
        raise ValueError(f"expected {2 ** _qubits(encoding)} weights of 1 or -1, got shape {weights.shape}")
    return weights


def encode(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the turns of every row, radians, shape (rows, parities), rounded to 1e-10."""
    found: Floats = turns(classical(frame, encoding) * learned_of(encoding), encoding).round(10)
    return found


def turns(products: Floats, encoding: Mapping[str, Any]) -> Floats:
    """Returns the turn of each parity that makes the diagonal of signs `products`, shape (rows, 2**qubits).

    exp(-iθ/2·(-1)^|j∧S|) for every set S of qubits makes phases φ_j with θ_S = -2/m·Σ_j φ_j (-1)^|j∧S|.
    """
    places = np.arange(products.shape[1])
    walsh = np.array([[(-1.0) ** (int(j) & each).bit_count() for j in places] for each in parities(encoding)])
    phases = np.pi * (1.0 - products) / 2.0
    return np.asarray(-2.0 / products.shape[1] * phases @ walsh.T, dtype=np.float64)


def features(samples: Sequence[npt.NDArray[np.uint8]], encoding: Mapping[str, Any]) -> Floats:
    """Returns how often the neuron fired, shape (sets, 1): the share of shots that read zeros alone."""
    zeros = ~unpacked(samples[0], encoding["qubits"]).any(axis=2)
    return np.asarray(zeros.mean(axis=1)[:, None], dtype=np.float64)


def activation(products: Floats, encoding: Mapping[str, Any]) -> Floats:
    """Returns the probability of firing in closed form, shape (rows,) or of whatever comes before inputs.

    (Σ w∘i / m)² entangled; without entanglement the product of cos²(θ/2) over the qubits' own turns.
    """
    count = products.shape[-1]
    if encoding["entangled"]:
        return np.asarray((products.sum(axis=-1) / count) ** 2, dtype=np.float64)
    fired: Floats = np.ones(products.shape[:-1])
    for qubit in range(encoding["qubits"]):
        signs = 1.0 - 2.0 * ((np.arange(count) >> qubit) & 1)
        fired *= np.cos(np.pi / count * (products @ signs) / 2.0) ** 2
    return fired


def drawn(encoding: Mapping[str, Any], seed: int) -> Floats:
    """Returns weights at random."""
    found: Floats = np.random.default_rng(seed).choice([-1.0, 1.0], 2 ** _qubits(encoding))
    return found


def trained(
    encoding: Mapping[str, Any], frame: Any, targets: Floats, seeds: Sequence[int]
) -> tuple[Floats, float]:
    """Tries all weights; those whose activation correlates most with the target, either way, are kept.

    Args:
        encoding: without `learned`.
        frame: training rows.
        targets: of mean 0 and variance 1, shape (rows, 1).
        seeds: without effect, since nothing is drawn.

    Returns:
        The weights, and the share of the target's variance that is left over.
    """
    inputs, count = classical(frame, encoding), 2 ** _qubits(encoding)
    best, kept = -1.0, np.ones(count)
    for start in range(0, 2 ** (count - 1), _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, 2 ** (count - 1)))
        weights = 1.0 - 2.0 * ((numbers[:, None] >> np.arange(count)) & 1)
        explained = _explained(activation(inputs[None] * weights[:, None], encoding), targets[:, 0])
        place = int(np.argmax(explained))
        if explained[place] > best + 1e-12:
            best, kept = float(explained[place]), weights[place]
    return kept, 1.0 - best


def _explained(fired: Floats, target: Floats) -> Floats:
    """Squared correlations, shape (weights,); 0 of constant activations."""
    centred = fired - fired.mean(axis=1, keepdims=True)
    spread = (centred**2).sum(axis=1)
    shared = (centred @ target) ** 2 / (target @ target)
    found: Floats = np.divide(shared, spread, out=np.zeros(len(fired)), where=spread > 1e-12)
    return found
