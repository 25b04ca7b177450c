"""Where every qubit lies, and which exchanges bring it where a gate needs it.

A position below `local` is a bit of an amplitude's index on its rank, one from there on a bit of the rank's
number. Qubits are not moved back after a gate; the one that makes room is the one whose next dense gate is
farthest away (Belady 1966, doi:10.1147/sj.52.0078; De Raedt et al. 2007, doi:10.1016/j.cpc.2006.08.007, keep
such a permutation, and so do Doi & Horii 2020, arXiv:2102.02957, with chunks in place of ranks). Those that
are needed soon come along: k at once cost a rank 1 - 2^-k of its amplitudes, one alone costs half (Häner &
Steiger 2017, doi:10.1145/3126908.3126947, exchange all global qubits at once).
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from backends.statevector_mpi.fusion import Dense, Pass

AHEAD = (0, 4, 16, 64)
"""Passes that are looked ahead; the best of them is taken."""


@dataclass(frozen=True)
class QubitSwap:
    """Swaps the qubit at a global position with the one at a local position."""

    outer: int
    inner: int


class QubitLayout:
    """A permutation of qubits over positions, changed by exchanges.

    Attributes:
        local: positions within a rank.
        position: of every qubit.
    """

    def __init__(self, qubits: int, local: int, passes: Sequence[Pass] = (), ahead: int = 0) -> None:
        """Begins with those qubits global whose first dense gate comes last: |0…0⟩ is the same anyhow.

        Args:
            qubits: of the state.
            local: positions within a rank.
            passes: that it is for.
            ahead: passes from an exchange on whose qubits come along with those that are needed at once.
        """
        self.local, self._ahead = local, ahead
        self._uses: list[list[int]] = [[] for _ in range(qubits)]
        for number, each in enumerate(passes):
            for qubit in each.qubits if isinstance(each, Dense) else ():
                self._uses[qubit].append(number)
        order = sorted(range(qubits), key=lambda qubit: (self._next(qubit, -1), qubit))
        kept, outer = sorted(order[:local]), sorted(order[local:])
        self._qubit = kept + outer
        self.position = [0] * qubits
        for position, qubit in enumerate(self._qubit):
            self.position[qubit] = position

    def _next(self, qubit: int, after: int) -> float:
        """The number of the next dense pass on the qubit."""
        uses = self._uses[qubit]
        found = bisect_right(uses, after)
        return uses[found] if found < len(uses) else inf

    def exchanged(self, outer: int, inner: int) -> QubitSwap:
        """Notes an exchange of two positions."""
        a, b = self._qubit[outer], self._qubit[inner]
        self._qubit[outer], self._qubit[inner] = b, a
        self.position[a], self.position[b] = inner, outer
        return QubitSwap(outer, inner)

    def bring_in(self, number: int, qubits: Sequence[int]) -> Iterator[QubitSwap]:
        """Yields what makes these qubits local for the dense pass of that number, for one exchange.

        What is needed soon comes along, unless what would make room is needed sooner.
        """
        missing = [qubit for qubit in qubits if self.position[qubit] >= self.local]
        kept = {*qubits}
        for qubit in missing:
            yield self.exchanged(self.position[qubit], self._victim(number, kept))
        soon = sorted(self._qubit[self.local :], key=lambda qubit: self._next(qubit, number))
        for qubit in soon if missing else ():
            if self._next(qubit, number) > number + self._ahead or len(kept) == self.local:
                return
            victim = self._victim(number, kept)
            if self._next(qubit, number) >= self._next(self._qubit[victim], number):
                return
            kept.add(qubit)
            yield self.exchanged(self.position[qubit], victim)

    def _victim(self, number: int, needed: Collection[int]) -> int:
        """The local position whose qubit is needed last; of several one that belongs outside, or the top."""
        candidates = [place for place in range(self.local) if self._qubit[place] not in needed]
        return max(
            candidates,
            key=lambda place: (
                self._next(self._qubit[place], number),
                self._qubit[place] >= self.local,
                place,
            ),
        )

    def settled(self) -> Iterator[QubitSwap]:
        """Yields what brings the highest qubits to the global positions, in whatever order."""
        inside = [place for place in range(self.local) if self._qubit[place] >= self.local]
        outside = [place for place in range(self.local, len(self._qubit)) if self._qubit[place] < self.local]
        for outer, inner in zip(outside, inside, strict=True):
            yield self.exchanged(outer, inner)


def traffic(qubits: int, local: int, passes: Sequence[Pass], ahead: int) -> float:
    """The share of its amplitudes that a rank sends for the passes, and to settle; above 1 where often."""
    layout, sent = QubitLayout(qubits, local, passes, ahead), 0.0
    for number, each in enumerate(passes):
        if isinstance(each, Dense):
            sent += 1 - 0.5 ** len(list(layout.bring_in(number, each.qubits)))
    return sent + 1 - 0.5 ** len(list(layout.settled()))


def least_traffic(qubits: int, local: int, passes: Sequence[Pass]) -> tuple[float, int]:
    """The least share, and how far ahead is looked for it."""
    return min((traffic(qubits, local, passes, ahead), ahead) for ahead in AHEAD)
