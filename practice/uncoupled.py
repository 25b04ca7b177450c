"""Qubits that no gate couples to another: simulated exactly, one by one. Needs qiskit.

The client's Estimator twirls and measures all qubits of the device, most of which nothing has touched. A
qubit's density matrix is a vector of four numbers here, its columns stacked as in qiskit's `SuperOp`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from practice.noise import JobPlace, coherence_s, noise_model
from practice.timing import waits_s

Bools = NDArray[np.bool_]
Values = Mapping[Any, NDArray[np.float64]]
GROUND = np.array([1, 0, 0, 0], dtype=complex)
PARAMETRIC = frozenset({"rz"})
FIXED = frozenset({"sx", "x", "id"})
WAIT = "delay"
KNOWN = PARAMETRIC | FIXED | {WAIT}


@dataclass(frozen=True)
class UncoupledQubit:
    """One uncoupled qubit.

    Attributes:
        qubit: its physical number.
        gates: in order, before its one measurement; of `KNOWN` names.
    """

    qubit: int
    gates: tuple[Any, ...]

    @staticmethod
    def simple(operations: Sequence[Any]) -> bool:
        """Whether these operations on a qubit can be simulated here."""
        names = [operation.name for operation in operations if operation.name != "barrier"]
        return names.count("measure") == 1 and names[-1] == "measure" and set(names[:-1]) <= KNOWN


def sample(uncoupled: UncoupledQubit, values: Values, shape: tuple[int, int], place: JobPlace) -> Bools:
    """Samples a qubit.

    Args:
        lone: the qubit.
        values: of each parameter, shape (sets,).
        shape: how many parameter sets, and shots of each.
        place: where it runs.

    Returns:
        Its bits, of that shape.
    """
    one = _state(uncoupled, values, shape[0], place)[:, 3].real
    if place.noise:
        flips = _readout_error(place.device, place.factor, uncoupled.qubit)
        one = (1 - one) * flips[0, 1] + one * flips[1, 1]
    rng = np.random.default_rng([place.seed, uncoupled.qubit])
    return np.asarray(rng.random(shape) < one[:, None])


def _state(uncoupled: UncoupledQubit, values: Values, sets: int, place: JobPlace) -> NDArray[Any]:
    """The density matrices before the measurement, shape (sets, 4)."""
    state = np.broadcast_to(GROUND, (sets, 4))
    for gate in uncoupled.gates:
        if gate.name in PARAMETRIC:
            state = _turned(state, gate, values)
        elif gate.name in FIXED:
            state = state @ _fixed(gate.name).T
        error = _error(gate, uncoupled.qubit, place) if place.noise else None
        state = state if error is None else state @ error.T
    return state


def _error(gate: Any, qubit: int, place: JobPlace) -> NDArray[Any] | None:
    """What noise does besides, as a superoperator; while a qubit waits it relaxes, as in Aer."""
    if gate.name == WAIT:
        return _relaxation(place.device, place.factor, qubit, waits_s(gate, place.device))
    return _gate_error(place.device, place.factor, gate.name, qubit)


def _turned(state: NDArray[Any], gate: Any, values: Values) -> NDArray[Any]:
    """Applies rz: the coherences turn by the angle, the populations stay."""
    turn = np.exp(1j * _angles(gate.params[0], values, len(state)))
    return np.stack([state[:, 0], state[:, 1] * turn, state[:, 2] / turn, state[:, 3]], axis=1)


def _angles(angle: Any, values: Values, sets: int) -> NDArray[np.float64]:
    """The angle in every set: a number, a parameter or an expression of parameters."""
    if angle in values:
        return values[angle]
    names = getattr(angle, "parameters", None)
    if not names:
        return np.full(sets, float(angle))
    rows = [{name: float(values[name][row]) for name in names} for row in range(sets)]
    return np.array([float(angle.bind(row)) for row in rows])


@cache
def _fixed(name: str) -> NDArray[Any]:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    matrix = get_standard_gate_name_mapping()[name].to_matrix()
    return np.asarray(np.kron(matrix.conj(), matrix))


@cache
def _gate_error(device: str, factor: float, gate: str, qubit: int) -> NDArray[Any] | None:
    from qiskit.quantum_info import SuperOp

    error = noise_model(device, (qubit,), factor)._local_quantum_errors.get(gate, {}).get((0,))
    return None if error is None else np.asarray(SuperOp(error).data)


@cache
def _relaxation(device: str, factor: float, qubit: int, seconds: float) -> NDArray[Any] | None:
    from qiskit.quantum_info import SuperOp
    from qiskit_aer.noise import thermal_relaxation_error

    known = coherence_s(device, qubit, factor)
    return None if known is None else np.asarray(SuperOp(thermal_relaxation_error(*known, seconds)).data)


@cache
def _readout_error(device: str, factor: float, qubit: int) -> NDArray[np.float64]:
    """Probabilities to read the second index where the qubit is in the first."""
    error = noise_model(device, (qubit,), factor)._local_readout_errors.get((0,))
    return np.eye(2) if error is None else np.asarray(error.probabilities)
