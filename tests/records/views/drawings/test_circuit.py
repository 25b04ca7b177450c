"""Circuits as SVG: what is drawn, in which column, and what the words under it say."""

import re
from xml.etree import ElementTree

from qiskit import QuantumCircuit, qasm3

from records.views.drawings import circuit
from tests.records.views.drawings.test_circuit_reading import BELL


def test_every_gate_stands_as_early_as_it_can() -> None:
    found = circuit.drawn("qubit[3] q; h q[0]; h q[2]; cx q[0], q[2]; x q[1];", "c")
    assert found is not None
    svg, said = found
    # x waits although its wire is free: the line of cx crosses it
    assert said == "3 qubits, 3 columns: 1 cx, 2 h, 1 x"
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_columns_are_as_many_as_qiskit_finds_where_no_wire_is_crossed() -> None:
    made = QuantumCircuit(3)
    for step in range(4):
        made.h(step % 3)
        made.cx(step % 2, step % 2 + 1)
        made.rz(0.1 * step, 2)
    found = circuit.drawn(qasm3.dumps(made), "c")
    assert found is not None
    assert f" {made.depth()} columns" in found[1]


def test_a_large_circuit_is_cut_and_says_so() -> None:
    lines = "".join(f"h q[{n % 40}];" for n in range(40 * 50))
    found = circuit.drawn(f"qubit[40] q; {lines}", "c")
    assert found is not None
    svg, said = found
    assert said.endswith("; drawn: the first 24 of 40 qubits and the first 36 of 50 columns")
    assert len(re.findall("<rect", svg)) == 24 * 36


def test_the_same_text_gives_the_same_drawing_and_nothing_of_it_is_markup() -> None:
    assert circuit.drawn(BELL, "c") == circuit.drawn(BELL, "c")
    found = circuit.drawn(BELL.replace("t + 0.5", "t<0.5"), "c")
    assert found is not None
    assert "t&lt;0.5" in found[0]


def test_control_flow_is_not_drawn() -> None:
    assert circuit.drawn("qubit q; while (true) { x q; }", "c") is None
