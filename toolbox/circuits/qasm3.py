"""OpenQASM 3 text (openqasm.com/versions/3.0), built from lines: one gate a line, on a register `q`.

Text is a circuit's identity, so it has to be the same on every machine: angles are parameters, or written
with ten decimals.
"""

from collections.abc import Iterable, Sequence

BASES = ("x", "y", "z")
_TURNS = {"x": ("h",), "y": ("sdg", "h"), "z": ()}


def program(
    qubits: int,
    gates: Iterable[str],
    *,
    read: Sequence[int] | None = None,
    inputs: Sequence[str] = (),
    register: str = "c",
) -> str:
    """Returns a program that applies gates and then measures every qubit.

    Args:
        qubits: how many.
        gates: a line each.
        read: the classical bit that each qubit is read into; None reads qubit i into bit i.
        inputs: names of the parameters, in their order.
        register: name of the classical register.
    """
    bits = range(qubits) if read is None else read
    lines = [
        "OPENQASM 3.0;",
        'include "stdgates.inc";',
        *(f"input float[64] {name};" for name in inputs),
        f"bit[{qubits}] {register};",
        f"qubit[{qubits}] q;",
        *gates,
        *(f"{register}[{bit}] = measure q[{qubit}];" for qubit, bit in enumerate(bits)),
    ]
    return "\n".join(lines) + "\n"


def angle(radians: float) -> str:
    """Ten decimals, so that machines whose arithmetic differs in the last bits write one circuit."""
    return f"{radians:.10f}"


def on_all(gate: str, qubits: int) -> list[str]:
    """A gate without a partner on every qubit: `h`, `x`, `rx(0.5)`."""
    return [f"{gate} q[{qubit}];" for qubit in range(qubits)]


def measured_in(basis: str, qubits: int) -> list[str]:
    """What turns the basis `x`, `y` or `z` of every qubit into the one that is measured."""
    return [line for gate in _TURNS[basis] for line in on_all(gate, qubits)]


def zz(turn: str, a: int, b: int) -> list[str]:
    """exp(-i turn/2 Z⊗Z) on qubits a and b; `turn` as written: a number of `angle`, or a parameter."""
    pair = f"q[{a}], q[{b}]"
    return [f"cx {pair};", f"rz({turn}) q[{b}];", f"cx {pair};"]


def swap(a: int, b: int) -> list[str]:
    """Exchanges two qubits."""
    there, back = f"cx q[{a}], q[{b}];", f"cx q[{b}], q[{a}];"
    return [there, back, there]


def zz_swap(turn: str, a: int, b: int) -> list[str]:
    """`zz`, then `swap`: two of the five CX of the two cancel."""
    return [*zz(turn, a, b)[:2], *swap(a, b)[1:]]
