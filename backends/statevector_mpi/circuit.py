"""From a circuit of Qiskit to a plan: swaps become names, wide gates small ones, the rest passes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backends.circuits.pictures import Array
from backends.circuits.programs import unitaries
from backends.circuits.pubs import Floats
from backends.statevector_mpi.fusion import Fusion
from backends.statevector_mpi.order import arranged
from backends.statevector_mpi.plan import PassPlan
from escalation.model.errors import BadInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

NOTHING = ("barrier", "id", "delay", "global_phase")
"""What changes no outcome."""
Part = tuple[tuple[int, ...], Array | None]
"""The qubits of a gate, the first the least significant of the index of its matrix, (sets or 1, 2^k, 2^k);
None is a swap of two."""


@dataclass(frozen=True)
class Planned:
    """A circuit as ranks run it.

    Attributes:
        plan: its passes.
        wires: by qubit of the circuit the qubit of the plan that holds its state in the end.
        measured: by classical bit the qubit of the plan that it reads.
    """

    plan: PassPlan
    wires: tuple[int, ...]
    measured: dict[int, int]


def planned(circuit: "QuantumCircuit", columns: tuple[str, ...], rows: Floats) -> Planned:
    """Turns a circuit into passes.

    Args:
        circuit: with parameters of these names.
        columns: of `rows`, the parameters' names.
        rows: parameter sets, shape (sets, parameters).

    Raises:
        BadInput: on anything but gates and one last measurement a qubit.
    """
    fusion, wires = Fusion(circuit.num_qubits), list(range(circuit.num_qubits))
    values, measured = dict(zip(columns, rows.T, strict=True)), dict[int, int]()
    read, begun = set[int](), set[int]()
    for instruction in circuit.data:
        where = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        if instruction.name in NOTHING:
            continue
        if read & set(where):
            raise _refused(f"{instruction.name} after the measurement of qubit {min(read & set(where))}")
        if instruction.name == "reset" and where[0] not in begun:
            continue  # it is in |0⟩ as it is
        begun |= set(where)
        if instruction.name == "measure":
            measured[circuit.find_bit(instruction.clbits[0]).index] = where[0]
            read.add(where[0])
            continue
        for qubits, matrix in _parts(instruction, where, values):
            if matrix is None:
                wires[qubits[0]], wires[qubits[1]] = wires[qubits[1]], wires[qubits[0]]
            else:
                fusion.add([wires[qubit] for qubit in qubits], matrix)
    passes, new = arranged(fusion.passes(), circuit.num_qubits)
    final = tuple(new[wire] for wire in wires)
    return Planned(
        PassPlan(circuit.num_qubits, tuple(passes)),
        final,
        {clbit: final[qubit] for clbit, qubit in sorted(measured.items())},
    )


def _parts(
    instruction: "CircuitInstruction", where: tuple[int, ...], columns: Mapping[str, Floats]
) -> Iterator[Part]:
    """The gates on one or two qubits that an instruction is made of."""
    from qiskit.circuit import ControlFlowOp, Gate

    operation: Any = instruction.operation
    if instruction.name in NOTHING:
        return
    if instruction.name == "swap":
        yield where, None
        return
    inner = getattr(operation, "definition", None)
    if isinstance(operation, ControlFlowOp) or not (isinstance(operation, Gate) or inner):
        raise _refused(f"{instruction.name} on qubit {', '.join(map(str, where)) or 'none'}")
    matrix = unitaries(instruction, columns) if len(where) <= 2 else None
    if matrix is not None:
        yield where, matrix
        return
    if inner is None:
        raise _refused(f"{instruction.name}, whose matrix is not known")
    for part in inner.data:
        if part.clbits:
            raise _refused(f"{instruction.name}, whose definition contains {part.name}")
        yield from _parts(part, tuple(where[inner.find_bit(qubit).index] for qubit in part.qubits), columns)


def _refused(what: str) -> BadInput:
    return BadInput(
        f"expected gates and one last measurement a qubit, got {what}; circuits that "
        "measure, reset or decide on the way run on aer"
    )
