"""What is read of a state over ranks: its norm, samples, expectation values of Pauli strings.

Sums are made in one order, that of the qubits: of `kernels.LEAF` amplitudes one after the other, of those in
pairs, and so on up to the ranks. So they are the same bits on any number of ranks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.kernels import Floats, Whole
from backends.statevector_mpi.sums import descend, in_pairs

STRINGS_AT_ONCE = 64


class EvolvedState(Protocol):
    """A state that is held somewhere, with what only that place can sum.

    Attributes:
        partners: the other ranks.
        local: qubits within a rank.
        drift: of the sum of all probabilities from 1 at most, by rounding.
    """

    @property
    def partners(self) -> Partners: ...
    @property
    def local(self) -> int: ...
    @property
    def drift(self) -> float: ...
    @property
    def ranks(self) -> list[int]:
        """By number the rank that holds the part of the state in which the highest qubits have its bits."""

    @property
    def number(self) -> int:
        """The number of the part that this rank holds."""

    def leaf_sums(self) -> Floats:
        """Sums the probabilities of LEAF amplitudes each, in the order of their qubits."""

    def drawn(self, leaves: Whole, rests: Floats) -> Whole:
        """Finds, by draw, the amplitude of a leaf at which its summed probability passes a number."""

    def correlations(self, flips: int, signs: Whole, parts: Whole) -> Floats:
        """Expectation values of Pauli strings that flip the same qubits, see `kernels.correlate`."""


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


class Probabilities:
    """Of the outcomes of a state, as sums over ever larger parts of it."""

    def __init__(self, vector: EvolvedState) -> None:
        """Raises `Drifted` when they do not add up to 1."""
        self._vector = vector
        self._levels = in_pairs(vector.leaf_sums())
        self._ranks = in_pairs(np.array(vector.partners.all(float(self._levels[-1][0])))[vector.ranks])
        self.norm = float(self._ranks[-1][0])
        if not abs(self.norm - 1.0) <= vector.drift:
            raise Drifted(
                f"expected probabilities that add up to 1 within {vector.drift:g}, got {self.norm!r}"
            )

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
        return mine, self._vector.drawn(leaves, rest) | (part << local)


def expectations(vector: EvolvedState, strings: Sequence[Pauli]) -> NDArray[np.float64]:
    """Returns the expectation values of Pauli strings, the same on every rank; those that flip the same
    qubits share a pass, and an exchange where some of these are global."""
    values = np.zeros(len(strings))
    groups: dict[int, list[int]] = {}
    for number, string in enumerate(strings):
        groups.setdefault(string.flips, []).append(number)
    for flips, members in groups.items():
        for first in range(0, len(members), STRINGS_AT_ONCE):
            some = members[first : first + STRINGS_AT_ONCE]
            signs = np.array([strings[number].signs for number in some], dtype=np.int64)
            # conj(flipped)·mine i^ys: the string applied to x gives the amplitude of the flipped index
            parts = np.array([strings[number].ys % 4 for number in some], dtype=np.int64)
            values[some] = vector.correlations(flips, signs, parts)
    values += 0.0  # no -0.0, whose sign would tell of empty parts
    return values
