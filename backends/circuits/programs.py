"""A circuit as blocks of two qubits each, and what is left to do to every qubit before it is read.

One-qubit gates go into the block that follows them, gates on the same two qubits into one block. Turns about
Z that a two-qubit gate commutes with are moved behind it: a compiler puts them on either side as it likes,
so circuits that differ in their last one-qubit gates only have the same blocks whichever side it chose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.circuits.pictures import Array, Picture, kron
from backends.circuits.pubs import Floats

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

TOLERANCE = 1e-12
"""Entries of blocks that differ by less are the same: rounding of angles that were added in another order."""

Channel = Callable[[str, tuple[int, ...]], Array | None]
"""The matrix (size^k, size^k) of the noise after a gate of that name on those qubits; None without noise."""


@dataclass(frozen=True)
class Block:
    """Everything between two qubits until one of them meets a third.

    Attributes:
        pair: the qubits, the smaller one first.
        matrix: shape (sets or 1, size², size²), the first of the pair least.
    """

    pair: tuple[int, int]
    matrix: Array

    def same(self, other: "Block") -> bool:
        """Whether both do the same to the same qubits, to `TOLERANCE`."""
        return self.pair == other.pair and bool(np.abs(self.matrix - other.matrix).max() <= TOLERANCE)


@dataclass(frozen=True)
class Program:
    """A circuit that is measured at its end, under a batch of parameter sets.

    Attributes:
        blocks: in an order that depends on which qubits meet, and on nothing else.
        tails: what is done to every qubit after its last block, each (sets or 1, size, size).
        measured: the qubit that every classical bit reads, by classical bit.
    """

    blocks: tuple[Block, ...]
    tails: tuple[Array, ...]
    measured: dict[int, int]

    def same_blocks(self, other: "Program") -> bool:
        """Whether the two differ in their tails and measurements only."""
        if len(self.tails) != len(other.tails) or len(self.blocks) != len(other.blocks):
            return False
        return all(one.same(two) for one, two in zip(self.blocks, other.blocks, strict=True))


def compiled(
    circuit: "QuantumCircuit", names: tuple[str, ...], rows: Floats, picture: Picture, noise: Channel
) -> Program | None:
    """Turns a circuit into a program.

    Args:
        circuit: with parameters of these names.
        names: of the columns of `rows`.
        rows: parameter sets, shape (sets, parameters).
        picture: how gates are written down.
        noise: after every gate.

    Returns:
        None where the circuit has anything but gates on one or two qubits and one last measurement a qubit.
    """
    making = _Making(circuit.num_qubits, picture, noise)
    columns = dict(zip(names, rows.T, strict=True))
    for instruction in circuit.data:
        where = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        if instruction.name == "barrier" or not where:
            continue
        if instruction.name == "measure":
            possible = making.measure(where[0], circuit.find_bit(instruction.clbits[0]).index)
        else:
            possible = making.add(instruction, where, columns)
        if not possible:
            return None
    return making.program()


class _Making:
    """A program while gates are added to it."""

    def __init__(self, qubits: int, picture: Picture, noise: Channel) -> None:
        self._one = one = np.eye(picture.size)[None]
        self._picture, self._noise = picture, noise
        self._some_turn = picture.gate(np.diag(np.exp([-0.5j, 0.5j]))[None])
        self._body: list[Array] = [one] * qubits
        self._turn: list[Array] = [one] * qubits  # about Z, after the body
        self._blocks: list[tuple[int, Block]] = []  # with its layer
        self._last: list[int | None] = [None] * qubits  # a qubit's last block
        self._measured: dict[int, int] = {}

    def measure(self, qubit: int, clbit: int) -> bool:
        if clbit in self._measured or qubit in self._measured.values():
            return False
        self._measured[clbit] = qubit
        return True

    def add(
        self, instruction: "CircuitInstruction", where: tuple[int, ...], columns: Mapping[str, Floats]
    ) -> bool:
        if len(where) > 2 or set(where) & set(self._measured.values()):
            return False
        unitary = unitaries(instruction, columns)
        if unitary is None:
            return False
        matrix, noise = self._picture.gate(unitary), self._noise(instruction.name, where)
        if noise is not None:
            matrix = noise[None] @ matrix
        if len(where) == 2:
            self._add_two(where, matrix)
        elif noise is None and not unitary[:, [0, 1], [1, 0]].any():
            self._turn[where[0]] = matrix @ self._turn[where[0]]
        else:
            self._turned(where[0])
            self._body[where[0]] = matrix @ self._body[where[0]]
        return True

    def _turned(self, qubit: int) -> None:
        """Makes the waiting turn part of what was done."""
        self._body[qubit] = self._turn[qubit] @ self._body[qubit]
        self._turn[qubit] = self._one

    def _add_two(self, where: tuple[int, ...], matrix: Array) -> None:
        size, one = self._picture.size, self._one
        low, high = sorted(where)
        if where != (low, high):
            swapped = matrix.reshape(-1, size, size, size, size).transpose(0, 2, 1, 4, 3)
            matrix = swapped.reshape(-1, size * size, size * size)
        turns = {low: kron(one, self._some_turn), high: kron(self._some_turn, one)}
        for qubit, turn in turns.items():
            if np.abs(turn @ matrix - matrix @ turn).max() > TOLERANCE:
                self._turned(qubit)
        matrix = matrix @ kron(self._body[high], self._body[low])
        self._body[low] = self._body[high] = one
        self._join((low, high), matrix)

    def _join(self, pair: tuple[int, int], matrix: Array) -> None:
        """Adds to the block that both qubits were in last, or begins one."""
        before = [self._last[qubit] for qubit in pair]
        if before[0] is not None and before[0] == before[1]:
            layer, block = self._blocks[before[0]]
            self._blocks[before[0]] = (layer, Block(pair, matrix @ block.matrix))
            return
        layer = 1 + max((self._blocks[number][0] for number in before if number is not None), default=0)
        self._last[pair[0]] = self._last[pair[1]] = len(self._blocks)
        self._blocks.append((layer, Block(pair, matrix)))

    def program(self) -> Program:
        ordered = sorted(self._blocks, key=lambda entry: (entry[0], entry[1].pair))
        tails = tuple(turn @ body for turn, body in zip(self._turn, self._body, strict=True))
        return Program(tuple(block for _, block in ordered), tails, dict(sorted(self._measured.items())))


def unitaries(instruction: "CircuitInstruction", columns: Mapping[str, Floats]) -> Array | None:
    """Returns an instruction's unitaries, (sets or 1, 2^k, 2^k); None where none is known here."""
    from qiskit.circuit import Gate
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.quantum_info import Operator

    operation = instruction.operation
    if not isinstance(operation, Gate):
        return None
    if not instruction.is_parameterized():
        return np.asarray(Operator(operation).data)[None]
    made = operation.base_class
    if type(get_standard_gate_name_mapping().get(operation.name)) is not made:
        return None
    given = np.broadcast_arrays(*(values(parameter, columns) for parameter in operation.params))
    return np.stack([made(*row).to_matrix() for row in np.stack(given, axis=1).tolist()])


def values(parameter: Any, columns: Mapping[str, Floats]) -> Floats:
    """Returns the values of a gate's parameter, (sets or 1,)."""
    names = sorted(getattr(parameter, "parameters", ()), key=lambda free: str(free.name))
    if not names:
        return np.array([float(parameter)])
    rows = np.stack([columns[free.name] for free in names], axis=1).tolist()
    return np.array([parameter.bind_all(dict(zip(names, row, strict=True))) for row in rows])
