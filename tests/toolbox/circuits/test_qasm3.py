"""Text of circuits: letter by letter, and as Qiskit reads it."""

import numpy as np
import pytest

from toolbox.circuits import qasm3

BELL = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] a;
bit[2] m;
qubit[2] q;
h q[0];
cx q[0], q[1];
rz(a) q[1];
m[1] = measure q[0];
m[0] = measure q[1];
"""


def test_a_program_is_this_text() -> None:
    gates = ["h q[0];", "cx q[0], q[1];", "rz(a) q[1];"]
    assert qasm3.program(2, gates, read=(1, 0), inputs=("a",), register="m") == BELL


def test_angles_that_differ_in_the_last_bits_are_one_text() -> None:
    assert qasm3.angle(0.1 + 0.2) == qasm3.angle(0.3) == "0.3000000000"


def matrix(gates: list[str]) -> np.ndarray:
    from qiskit import qasm3 as reader
    from qiskit.quantum_info import Operator

    circuit = reader.loads(qasm3.program(2, gates))
    return np.asarray(Operator(circuit.remove_final_measurements(inplace=False)).data)


ZZ = np.exp(-0.35j * np.array([1, -1, -1, 1]))
"""exp(-i 0.7/2 ZZ): +1 where the two bits are equal."""
SWAP = np.eye(4)[[0, 2, 1, 3]]


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0)])
def test_two_qubit_gates_are_their_matrices(a: int, b: int) -> None:
    np.testing.assert_allclose(matrix(qasm3.zz(qasm3.angle(0.7), a, b)), np.diag(ZZ), atol=1e-12)
    np.testing.assert_allclose(matrix(qasm3.swap(a, b)), SWAP, atol=1e-12)
    np.testing.assert_allclose(matrix(qasm3.zz_swap(qasm3.angle(0.7), a, b)), SWAP @ np.diag(ZZ), atol=1e-12)


@pytest.mark.parametrize(
    ("basis", "pauli"), [("x", [[0, 1], [1, 0]]), ("y", [[0, -1j], [1j, 0]]), ("z", [[1, 0], [0, -1]])]
)
def test_a_basis_is_turned_into_the_measured_one(basis: str, pauli: list[list[complex]]) -> None:
    turn = matrix(qasm3.measured_in(basis, 2))
    measured = np.kron(np.diag([1, -1]), np.diag([1, -1]))
    np.testing.assert_allclose(turn.conj().T @ measured @ turn, np.kron(pauli, pauli), atol=1e-12)
