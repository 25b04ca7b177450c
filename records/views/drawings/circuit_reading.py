"""Reads the gates of an OpenQASM 3 text (openqasm.com/versions/3.0), far enough to draw them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DEFINITIONS = re.compile(r"\b(?:gate|defcal)\b[^{;]*\{[^{}]*\}")
_PASSED_OVER = re.compile(r"(?:OPENQASM|include|input|output|const|bit|creg|delay|nop)\b")
_REGISTER = re.compile(r"qubit(?:\[(\d+)\])?\s+(\w+)|qreg\s+(\w+)\[(\d+)\]")
_MEASURED = re.compile(r"(?:[\w\[\]]+\s*=\s*)?measure\s+(\S+?)(?:\s*->.*)?")
_GATE = re.compile(r"(?:ctrl\s*@\s*)?(\w+)\s*(?:\((.*)\))?\s+([\w$\[\],\s]+)")
_OPERAND = re.compile(r"\$(\d+)|(\w+)(?:\[(\d+)\])?")


class DrawnGate(NamedTuple):
    """A gate of a circuit.

    Attributes:
        name: as the text names it; `measure`, `barrier` and `reset` too.
        angles: its parameters, as written.
        wires: the qubits that it acts on, as the text names them.
    """

    name: str
    angles: str
    wires: tuple[str, ...]


class NotDrawable(ValueError):
    """The text holds what cannot be drawn, such as a loop."""


def read(text: str) -> tuple[tuple[str, ...], tuple[DrawnGate, ...]]:
    """Returns the names of all wires, and the gates in order.

    Raises:
        NotDrawable: when the text holds anything but gates on qubits and readings, such as control flow.
    """
    registers: dict[str, int] = {}
    wires: list[str] = []
    gates: list[DrawnGate] = []
    for statement in _statements(text):
        if found := _REGISTER.fullmatch(statement):
            name, size = found[2] or found[3], int(found[1] or found[4] or 1)
            registers[name] = size
            wires += _of(name, registers)
        else:
            gates += _gates(statement, registers)
    physical = {wire for gate in gates for wire in gate.wires if wire.startswith("$")}
    wires += sorted(physical, key=lambda wire: int(wire[1:]))
    return tuple(wires), tuple(gates)


def _statements(text: str) -> Iterator[str]:
    plain = _DEFINITIONS.sub("", _COMMENTS.sub("", text))
    if "{" in plain:
        raise NotDrawable("control flow")
    for statement in plain.split(";"):
        said = " ".join(statement.split())
        if said and not _PASSED_OVER.match(said):
            yield said


def _gates(statement: str, registers: dict[str, int]) -> Iterator[DrawnGate]:
    if found := _MEASURED.fullmatch(statement):
        for wire in _operand(found[1], registers):
            yield DrawnGate("measure", "", (wire,))
    elif statement == "barrier":
        yield DrawnGate("barrier", "", tuple(wire for name in registers for wire in _of(name, registers)))
    elif found := _GATE.fullmatch(statement):
        operands = [_operand(each.strip(), registers) for each in found[3].split(",")]
        if found[1] == "barrier":
            yield DrawnGate("barrier", "", tuple(wire for each in operands for wire in each))
            return
        for number in range(max(map(len, operands))):
            yield DrawnGate(found[1], found[2] or "", tuple(each[number % len(each)] for each in operands))
    else:
        raise NotDrawable(statement[:40])


def _operand(said: str, registers: dict[str, int]) -> Sequence[str]:
    found = _OPERAND.fullmatch(said)
    if found is None or (found[2] and found[2] not in registers):
        raise NotDrawable(said[:40])
    if found[1] or found[3]:
        return [said]
    return _of(found[2], registers)


def _of(name: str, registers: dict[str, int]) -> list[str]:
    return [f"{name}[{number}]" for number in range(registers[name])]
