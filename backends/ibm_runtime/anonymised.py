"""Anonymised circuits: without names, labels, metadata and layouts, any of which could name a person.

Names of circuits, registers and parameters, labels of gates and the layout with the registers of the circuit
before it all travel inside QPY, compressed, where no scan of the request would see them. Needs qiskit.
"""

from typing import TYPE_CHECKING

from escalation.model.errors import BadInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

REGISTER = "c"


def anonymised(circuit: "QuantumCircuit", names: tuple[str, ...], number: int) -> "QuantumCircuit":
    """Returns the same circuit, renamed: `circuit-N`, qubits `q`, bits `c`, parameters `p0`, ….

    Args:
        circuit: an ISA circuit with one classical register.
        names: its parameters; the one at place K becomes `pK`.
        number: which circuit of the job it is.

    Raises:
        BadInput: on control flow, whose inner circuits have names of their own.
    """
    from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
    from qiskit.circuit import Parameter

    clean = QuantumCircuit(
        QuantumRegister(circuit.num_qubits, "q"),
        ClassicalRegister(circuit.num_clbits, REGISTER),
        name=f"circuit-{number}",
        global_phase=circuit.global_phase,
    )
    for instruction in circuit.data:
        operation = instruction.operation
        if getattr(operation, "blocks", ()):
            raise BadInput(f"circuits with control flow ({operation.name}) are not sent away")
        if getattr(operation, "label", None) is not None:
            operation = operation.to_mutable()
            operation.label = None
        qubits = [clean.qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        bits = [clean.clbits[circuit.find_bit(bit).index] for bit in instruction.clbits]
        clean.append(operation, qubits, bits)
    places = {name: place for place, name in enumerate(names)}
    renamed = {old: Parameter(f"p{places[old.name]}") for old in circuit.parameters}
    assigned: QuantumCircuit = clean.assign_parameters(renamed)
    return assigned
