"""Circuits as text, read gate by gate and multiplied out: an independent simulator for a few qubits."""

import re

import numpy as np
from numpy.typing import NDArray

from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.result import RawResult
from tests.problems.prediction.quantum.driving import packed_bits
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
TURNED = {"ry": Y, "rz": Z}
LINE = re.compile(r"^(\w+)(?:\((\w+)\))? q\[(\d+)\](?:, q\[(\d+)\])?;$", re.MULTILINE)


def probabilities(text: str, parameters: Floats) -> Floats:
    """Of every basis state, shape (sets, 2**qubits); qubit i is bit i of the index."""
    names = re.findall(r"input float\[64\] (\w+);", text)
    found = re.search(r"qubit\[(\d+)\]", text)
    assert found is not None
    qubits = int(found[1])
    states = np.zeros((len(parameters), 2**qubits), dtype=complex)
    states[:, 0] = 1
    for gate, name, first, second in LINE.findall(text):
        if second:
            states = _both(gate, int(first), int(second), states)
        else:
            half = parameters[:, names.index(name)] / 2 if name else np.zeros(len(states))
            states = _one(gate, half, int(first), states)
    return np.abs(states) ** 2


def _one(gate: str, half: Floats, qubit: int, states: NDArray[np.complex128]) -> NDArray[np.complex128]:
    if gate == "h":
        matrices = np.broadcast_to((X + Z) / np.sqrt(2), (len(states), 2, 2))
    else:
        angle = half[:, None, None]
        matrices = np.cos(angle) * np.eye(2) - 1j * np.sin(angle) * TURNED[gate]
    parts = states.reshape(len(states), -1, 2, 2**qubit)
    found: NDArray[np.complex128] = np.einsum("nab,nxbl->nxal", matrices, parts).reshape(states.shape)
    return found


def _both(gate: str, first: int, second: int, states: NDArray[np.complex128]) -> NDArray[np.complex128]:
    index = np.arange(states.shape[1])
    held = (index >> first) & 1 == 1
    if gate == "cx":
        return states[:, np.where(held, index ^ (1 << second), index)]
    assert gate == "cz"
    return np.where(held & ((index >> second) & 1 == 1), -states, states)


def sample(work: CircuitBatch) -> RawResult:
    """A perfect device."""
    rng, files = np.random.default_rng(work.seed), {}
    for number, pub in enumerate(work.pubs):
        chances = probabilities(pub.qasm3, npy.load(pub.parameters.data))
        qubits = pub.qasm3.count("measure")
        read = np.stack([rng.choice(2**qubits, pub.shots, p=each / each.sum()) for each in chances])
        files[f"bits-{number}.npy"] = packed_bits((read[:, :, None] >> np.arange(qubits)) & 1 == 1)
    return RawResult(JobState.DONE, files=files)
