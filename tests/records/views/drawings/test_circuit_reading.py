"""OpenQASM 3 is read far enough to be drawn, compared with Qiskit's own reading of the same text."""

from collections import Counter

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit.library import efficient_su2

from records.views.drawings.circuit_reading import DrawnGate, NotDrawable, read

BELL = """\
OPENQASM 3.0;
include "stdgates.inc"; // gates
input float[64] t;
bit[2] c;
qubit[2] q;
h q[0];
cx q[0], q[1];
rz(t + 0.5) q[1];
barrier q;
c[0] = measure q[0];
c[1] = measure q[1];
"""


def test_gates_wires_and_angles_are_those_of_the_text() -> None:
    wires, gates = read(BELL)
    assert wires == ("q[0]", "q[1]")
    assert gates == (
        DrawnGate("h", "", ("q[0]",)),
        DrawnGate("cx", "", ("q[0]", "q[1]")),
        DrawnGate("rz", "t + 0.5", ("q[1]",)),
        DrawnGate("barrier", "", ("q[0]", "q[1]")),
        DrawnGate("measure", "", ("q[0]",)),
        DrawnGate("measure", "", ("q[1]",)),
    )


def test_a_gate_on_whole_registers_is_one_on_each_qubit() -> None:
    _, gates = read("qubit[3] a; qubit b; h a; cx a, b; bit[3] c; c = measure a;")
    assert [gate.wires for gate in gates if gate.name == "h"] == [("a[0]",), ("a[1]",), ("a[2]",)]
    assert [gate.wires for gate in gates if gate.name == "cx"] == [(f"a[{n}]", "b[0]") for n in range(3)]
    assert [gate.name for gate in gates].count("measure") == 3


def test_physical_qubits_are_wires_in_the_order_of_their_numbers() -> None:
    wires, _ = read("bit[1] c; cz $21, $3; sx $21; c[0] = measure $3;")
    assert wires == ("$3", "$21")


@pytest.mark.parametrize("qubits", [2, 5])
def test_what_qiskit_writes_is_read_with_the_same_counts(qubits: int) -> None:
    circuit = QuantumCircuit(qubits, qubits)
    circuit.compose(efficient_su2(qubits, reps=2).decompose(), inplace=True)
    circuit.measure(range(qubits), range(qubits))
    _, gates = read(qasm3.dumps(circuit))
    assert Counter(gate.name for gate in gates) == Counter(circuit.count_ops())


@pytest.mark.parametrize(
    "text",
    ["qubit q; if (true) { x q; }", "qubit q; x r;", "qubit q; let a = q[0:1];", "for uint i in [0:2] {}"],
)
def test_what_is_more_than_gates_is_said_to_be(text: str) -> None:
    with pytest.raises(NotDrawable):
        read(text)
