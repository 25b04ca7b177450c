"""What is read of a state over ranks: its norm, samples, expectation values of Pauli strings.

Sums are made in one order, that of the qubits: of `kernels.LEAF` amplitudes one after the other, of those in
pairs, and so on up to the ranks. So they are the same bits on any number of ranks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.statevector_mpi import kernels
from backends.statevector_mpi.kernels import Floats, Whole
from backends.statevector_mpi.vector import Vector

DRIFT = 1e-9
"""Of the sum of all probabilities from 1: rounding of ten million passes."""
STRINGS_AT_ONCE = 64


class Drifted(ArithmeticError):
    """The state is no longer normalised: what was applied to it was not unitary, or memory was damaged."""


@dataclass(frozen=True)
class Pauli:
    """A Pauli string on qubits below 63: |x⟩ becomes i^ys (-1)^(ones of x in signs) |x with flips inverted⟩.

    Attributes:
        flips: bits of the qubits with X or Y.
        signs: of those with Y or Z.
        ys: number of Y.
    """

    flips: int
    signs: int
    ys: int

    @classmethod
    def of(cls, label: str, wires: Sequence[int]) -> "Pauli":
        """Reads a label whose last letter acts on qubit 0, which is that of the state named by `wires[0]`."""
        letters = [(wire, letter) for wire, letter in zip(wires, reversed(label), strict=True)]
        return cls(
            sum(1 << wire for wire, letter in letters if letter in "XY"),
            sum(1 << wire for wire, letter in letters if letter in "YZ"),
            label.count("Y"),
        )


def in_pairs(values: Floats) -> list[Floats]:
    """Sums along the last axis, of length a power of two, in pairs: all levels, the values first."""
    levels = [values]
    while levels[-1].shape[-1] > 1:
        levels.append(levels[-1][..., 0::2] + levels[-1][..., 1::2])
    return levels


class Probabilities:
    """Of the outcomes of a state, as sums over ever larger parts of it."""

    def __init__(self, vector: Vector) -> None:
        """Raises `Drifted` when they do not add up to 1."""
        self._vector = vector
        leaves = np.empty(len(vector.amplitudes) // kernels.LEAF)
        kernels.leaf_sums(vector.amplitudes, vector.positions, leaves)
        self._levels = in_pairs(leaves)
        self._ranks = in_pairs(np.array(vector.partners.all(float(self._levels[-1][0])))[vector.ranks])
        self.norm = float(self._ranks[-1][0])
        if not abs(self.norm - 1.0) <= DRIFT:
            raise Drifted(f"expected probabilities that add up to 1 within {DRIFT:g}, got {self.norm!r}")

    def sample(self, shots: int, seed: int) -> tuple[Whole, Whole]:
        """Draws outcomes: every rank draws the same numbers, and looks up those that fall into its part.

        Returns:
            The numbers of the draws that fell here, and their outcomes, bit k that of qubit k.
        """
        part, local = self._vector.number, self._vector.local
        numbers = np.random.default_rng(seed).random(shots) * self.norm
        where, rest = descend(self._ranks, np.zeros(shots, dtype=np.int64), numbers)
        mine = np.flatnonzero(where == part)
        leaves, rest = descend(self._levels, np.zeros(len(mine), dtype=np.int64), rest[mine])
        found = leaves * kernels.LEAF
        kernels.drawn(self._vector.amplitudes, self._vector.positions, leaves, rest, found)
        return mine, found | (part << local)


def descend(levels: Sequence[Floats], node: Whole, numbers: Floats) -> tuple[Whole, Floats]:
    """Follows numbers down a tree of sums: left where they are smaller than the sum there.

    Returns:
        Where they end among the lowest level, and what of them is left there.
    """
    for level in reversed(levels[:-1]):
        left = level[2 * node]
        right = (numbers >= left) & (level[2 * node + 1] > 0)
        numbers, node = np.where(right, numbers - left, numbers), 2 * node + right
    return node, numbers


def expectations(vector: Vector, strings: Sequence[Pauli]) -> NDArray[np.float64]:
    """Returns the expectation values of Pauli strings, the same on every rank; those that flip the same
    qubits share a pass, and an exchange where some of these are global."""
    values = np.zeros(len(strings))
    groups: dict[int, list[int]] = {}
    for number, string in enumerate(strings):
        groups.setdefault(string.flips, []).append(number)
    for flips, members in groups.items():
        for first in range(0, len(members), STRINGS_AT_ONCE):
            some = members[first : first + STRINGS_AT_ONCE]
            values[some] = _together(vector, flips, [strings[number] for number in some])
    values += 0.0  # no -0.0, whose sign would tell of empty parts
    return values


def _together(vector: Vector, flips: int, strings: Sequence[Pauli]) -> Floats:
    """Expectation values of strings that flip the same qubits."""
    partners, local, size = vector.partners, vector.local, len(vector.amplitudes)
    inner, part = flips & (size - 1), vector.number
    partner = vector.ranks[part ^ (flips >> local)]
    signs = np.array([string.signs for string in strings], dtype=np.int64)
    # conj(flipped)·mine i^ys: the string applied to x gives the amplitude of the flipped index
    parts = np.array([string.ys % 4 for string in strings], dtype=np.int64)
    chunk = min(max(len(partners.buffer) // 2, kernels.LEAF), size)
    mine, other = np.empty((chunk, 2)), partners.buffer[:chunk]
    sums, chunks = np.empty((len(strings), chunk // kernels.LEAF)), np.empty((len(strings), size // chunk))
    for number, start in enumerate(range(0, size, chunk)):
        kernels.read(vector.amplitudes, vector.positions, start, 0, mine)
        kernels.read(vector.amplitudes, vector.positions, start, inner, other)
        flipped = partners.swap(partner, other) if partner != partners.rank else other
        kernels.correlate(mine, flipped, start | (part << local), signs, parts, sums)
        chunks[:, number] = in_pairs(sums)[-1][:, 0]
    ranks = np.array(partners.all(in_pairs(chunks)[-1][:, 0].tolist()))[vector.ranks].T
    return np.asarray(in_pairs(np.ascontiguousarray(ranks))[-1][:, 0])
