"""A data re-uploading circuit (Pérez-Salinas et al. 2020, Quantum 4, 226): features enter in every layer.

A layer turns each qubit by RY·RZ·RY, whose angles are a shift plus a slope times a feature, and couples
neighbours by CZ. What is measured are ⟨Z⟩ of all qubits; a linear machine of the task reads them. The circuit
is small enough to be simulated exactly, gradients included (adjoint differentiation: Jones and Gacon 2020,
arXiv:2009.02823), so it is trained here and evaluated on the device. numpy and scipy only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from problems.prediction.kernels.quantum_features import scale
from problems.prediction.kernels.statevector import MAX_QUBITS
from toolbox.arrays.types import Floats
from toolbox.circuits import qasm3
from toolbox.circuits.samples import expectations

TURNS = ("ry", "rz", "ry")
MOST_LAYERS = 20
ITERATIONS = 60
RIDGE = 1e-3
"""Weight of the squares of readout and slopes beside the mean squared error."""

States = npt.NDArray[np.complex128]
Step = tuple[str, int, int]
"""Gate, qubit, and the number of its angle; of a CZ the first of two neighbours, and no angle."""


def steps(qubits: int, layers: int, entangled: bool) -> list[Step]:
    """Returns the gates in order; after the last layer a CZ would change nothing that is measured."""
    found: list[Step] = []
    for layer in range(layers):
        for qubit in range(qubits):
            first = 3 * (layer * qubits + qubit)
            found += [(gate, qubit, first + place) for place, gate in enumerate(TURNS)]
        if entangled and layer < layers - 1:
            found += [("cz", qubit, -1) for qubit in range(qubits - 1)]
    return found


def parameter_names(encoding: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the columns that `encode` returns; raises `ValueError` where they are too many to simulate."""
    if not (encoding["qubits"] <= MAX_QUBITS and encoding["layers"] <= MOST_LAYERS):
        raise ValueError(f"expected at most {MAX_QUBITS} qubits and {MOST_LAYERS} layers")
    return tuple(f"turn_{number}" for number in range(3 * encoding["layers"] * encoding["qubits"]))


def circuits(encoding: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the one circuit that the encoding means, and its parameters' names."""
    qubits, names = encoding["qubits"], parameter_names(encoding)
    gates = [
        f"cz q[{qubit}], q[{qubit + 1}];" if gate == "cz" else f"{gate}({names[angle]}) q[{qubit}];"
        for gate, qubit, angle in steps(qubits, encoding["layers"], encoding["entangled"])
    ]
    return (qasm3.program(qubits, gates, inputs=names),), names


def classical(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the scaled features that the circuit takes, shape (rows, features)."""
    return scale(frame, encoding)


def encode(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the circuit's angles of every row, radians, shape (rows, parameters), rounded to 1e-10."""
    return turned(scale(frame, encoding), learned_of(encoding)).round(10)


def learned_of(encoding: Mapping[str, Any]) -> Floats:
    """Returns shift and slope of every angle, shape (parameters, 2); raises `ValueError` on another shape."""
    learned: Floats = np.asarray(encoding["learned"], dtype=np.float64)
    expected = (len(parameter_names(encoding)), 2)
    if learned.shape != expected:
        raise ValueError(f"expected learned angles of shape {expected}, got {learned.shape}")
    return learned


def turned(scaled: Floats, learned: Floats) -> Floats:
    """Returns shift plus slope times feature; angles take the features in turn. Shape (rows, parameters)."""
    return np.asarray(learned[:, 0] + learned[:, 1] * scaled[:, _taken(scaled, learned)], dtype=np.float64)


def _taken(scaled: Floats, learned: Floats) -> npt.NDArray[np.intp]:
    return np.asarray(np.arange(len(learned)) % scaled.shape[1], dtype=np.intp)


def features(samples: Sequence[npt.NDArray[np.uint8]], encoding: Mapping[str, Any]) -> Floats:
    """Returns ⟨Z⟩ of every qubit from samples, shape (sets, qubits)."""
    return expectations(samples[0], encoding["qubits"])


def exact(angles: Floats, encoding: Mapping[str, Any]) -> Floats:
    """Returns what infinitely many shots of a perfect device would give, shape (rows, qubits)."""
    return _z(_states(angles, _steps_of(encoding), encoding["qubits"]), encoding["qubits"])


def _steps_of(encoding: Mapping[str, Any]) -> list[Step]:
    return steps(encoding["qubits"], encoding["layers"], encoding["entangled"])


def slopes(angles: Floats, weights: Floats, encoding: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Returns Σ weights·⟨Z⟩ of each row, shape (rows,), and its derivative by each angle, (rows, angles)."""
    qubits, gates = encoding["qubits"], _steps_of(encoding)
    states = _states(angles, gates, qubits)
    values = np.sum(weights * _z(states, qubits), axis=1)
    adjoint = states * (weights @ _signs(qubits).T)
    found = np.zeros_like(angles)
    for gate, qubit, angle in reversed(gates):
        if gate != "cz":
            turned_on = _generator(gate, states, qubit, qubits)
            found[:, angle] = np.sum(adjoint.conj() * turned_on, axis=1).imag
        states = _applied(gate, qubit, None if gate == "cz" else -angles[:, angle], states, qubits)
        adjoint = _applied(gate, qubit, None if gate == "cz" else -angles[:, angle], adjoint, qubits)
    return values, found


def _states(angles: Floats, gates: Sequence[Step], qubits: int) -> States:
    """State vectors, shape (rows, 2**qubits); qubit i is bit i of the index."""
    states: States = np.zeros((len(angles), 2**qubits), dtype=np.complex128)
    states[:, 0] = 1.0
    for gate, qubit, angle in gates:
        states = _applied(gate, qubit, None if gate == "cz" else angles[:, angle], states, qubits)
    return states


def _applied(gate: str, qubit: int, angles: Floats | None, states: States, qubits: int) -> States:
    signs = _signs(qubits)
    if angles is None:
        both = (signs[:, qubit] < 0) & (signs[:, qubit + 1] < 0)
        return np.where(both, -states, states)
    if gate == "rz":
        return np.asarray(states * np.exp(-0.5j * angles[:, None] * signs[:, qubit]))
    flipped = states[:, np.arange(2**qubits) ^ (1 << qubit)]
    half = angles[:, None] / 2
    return np.asarray(np.cos(half) * states - np.sin(half) * signs[:, qubit] * flipped)


def _generator(gate: str, states: States, qubit: int, qubits: int) -> States:
    """Z or Y on a qubit."""
    signs = _signs(qubits)[:, qubit]
    if gate == "rz":
        return np.asarray(states * signs)
    return np.asarray(-1j * signs * states[:, np.arange(2**qubits) ^ (1 << qubit)])


def _signs(qubits: int) -> Floats:
    """Z of every qubit in every basis state, shape (2**qubits, qubits)."""
    bits = (np.arange(2**qubits)[:, None] >> np.arange(qubits)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


def _z(states: States, qubits: int) -> Floats:
    return np.asarray(np.abs(states) ** 2 @ _signs(qubits), dtype=np.float64)


def drawn(encoding: Mapping[str, Any], seed: int) -> Floats:
    """Returns shifts and slopes at random, shape (parameters, 2): where training starts, and the null."""
    rng, count = np.random.default_rng(seed), len(parameter_names(encoding))
    pair: list[Any] = [rng.uniform(-np.pi, np.pi, count), rng.normal(0.0, 0.5, count)]
    return np.asarray(np.column_stack(pair).round(6), dtype=np.float64)


def trained(
    encoding: Mapping[str, Any], frame: Any, targets: Floats, seeds: Sequence[int]
) -> tuple[Floats, float]:
    """Trains the circuit on the simulator by L-BFGS from several starts; the best is kept.

    The readout is the linear least-squares one at every step, so only angles are searched.

    Args:
        encoding: without `learned`.
        frame: training rows.
        targets: of mean 0 and variance 1, shape (rows, targets).
        seeds: one for each start.

    Returns:
        Shifts and slopes rounded to 1e-6, and the share of the targets' variance that is left over.
    """
    from scipy.optimize import minimize

    scaled, best = scale(frame, encoding), (np.zeros(0), float("inf"))
    for seed in seeds:
        found: Any = minimize(
            loss,
            drawn(encoding, seed).ravel(),
            args=(scaled, targets, encoding),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ITERATIONS},
        )
        if found.fun < best[1] - 1e-12:
            best = (np.asarray(found.x), float(found.fun))
    learned: Floats = np.asarray(best[0].reshape(-1, 2).round(6), dtype=np.float64)
    return learned, best[1]


def loss(free: Floats, scaled: Floats, targets: Floats, encoding: Mapping[str, Any]) -> tuple[float, Floats]:
    """Returns the mean squared error of the best linear readout, with its penalties, and its gradient."""
    learned = free.reshape(-1, 2)
    angles = turned(scaled, learned)
    measured = exact(angles, encoding)
    centred = measured - measured.mean(axis=0)
    count = targets.size
    gram = centred.T @ centred / count + RIDGE * np.eye(centred.shape[1])
    readout = np.linalg.solve(gram, centred.T @ targets / count)
    left = targets - centred @ readout
    penalty = RIDGE * (readout**2).sum() + RIDGE * (learned[:, 1] ** 2).mean()
    # at the best readout its own change adds nothing to first order; targets are centred, so means drop out
    by_measured = -2.0 * left @ readout.T / count
    by_angle = slopes(angles, by_measured - by_measured.mean(axis=0), encoding)[1]
    gradient = np.column_stack(
        [
            by_angle.sum(axis=0),
            (by_angle * scaled[:, _taken(scaled, learned)]).sum(axis=0)
            + 2.0 * RIDGE * learned[:, 1] / len(learned),
        ]
    )
    return float((left**2).sum() / count + penalty), gradient.ravel()
