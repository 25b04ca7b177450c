"""The part of a state vector that one rank holds, and the passes over it."""

from collections.abc import Iterable, Sequence

import numpy as np

from backends.circuits.pictures import Array
from backends.statevector_mpi import kernels
from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.fusion import Dense, Diagonal
from backends.statevector_mpi.kernels import Floats, Whole
from backends.statevector_mpi.layout import QubitLayout, QubitSwap, least_traffic
from backends.statevector_mpi.plan import PassPlan
from backends.statevector_mpi.sums import in_pairs

TABLE_BITS = 11
"""Qubits of one table of factors: 32 KiB, which a processor keeps close."""
LOW_BITS = 10


class Vector:
    """The amplitudes of a rank, evolved from |0…0⟩.

    Qubits are added above the circuit's, in |0⟩, until every rank has `kernels.LEAST_LOCAL` positions.

    Attributes:
        amplitudes: float64, shape (2^local, 2).
        local: positions within a rank.
        layout: where the qubits lie.
        drift: of the sum of all probabilities from 1 at most: rounding of ten million passes.
    """

    drift = 1e-9

    def __init__(self, partners: Partners, qubits: int, amplitudes: Floats) -> None:
        self.partners, self.amplitudes = partners, amplitudes
        self.local = len(amplitudes).bit_length() - 1
        self.qubits = self.local + partners.ranks.bit_length() - 1
        assert self.qubits >= qubits
        self._ahead: int | None = None  # the same for every parameter set of a plan
        self.layout = QubitLayout(self.qubits, self.local)

    def evolve(self, plan: PassPlan) -> None:
        """Sets |0…0⟩ and applies the passes of a plan with one parameter set; a vector is for one plan."""
        self.amplitudes[:] = 0.0
        if self.partners.rank == 0:
            self.amplitudes[0, 0] = 1.0
        if self._ahead is None:
            self._ahead = least_traffic(self.qubits, self.local, plan.passes)[1]
        self.layout = QubitLayout(self.qubits, self.local, plan.passes, self._ahead)
        for number, each in enumerate(plan.passes):
            if isinstance(each, Dense):
                self._exchange(self.layout.bring_in(number, each.qubits))
                self._dense([self.layout.position[qubit] for qubit in each.qubits], each.matrix[0])
            else:
                for qubits, table in tables(each):
                    self._diagonal([self.layout.position[qubit] for qubit in qubits], table)
        self._exchange(self.layout.settled())

    @property
    def positions(self) -> Whole:
        """The positions of the qubits that are local in the end: all but the highest."""
        return np.array(self.layout.position[: self.local], dtype=np.int64)

    @property
    def ranks(self) -> list[int]:
        """By number the rank that holds the part of the state in which the highest qubits have its bits."""
        places = [place - self.local for place in self.layout.position[self.local :]]
        return [
            int(kernels.moved(number, np.array(places, dtype=np.int64)))
            for number in range(self.partners.ranks)
        ]

    @property
    def number(self) -> int:
        """The number of the part that this rank holds."""
        return self.ranks.index(self.partners.rank)

    def read(self, part: Floats) -> None:
        """Copies the amplitudes, shape (2^local, 2), in the order of their qubits."""
        kernels.read(self.amplitudes, self.positions, 0, 0, part)

    def leaf_sums(self) -> Floats:
        """See `EvolvedState`."""
        sums = np.empty(len(self.amplitudes) // kernels.LEAF)
        kernels.leaf_sums(self.amplitudes, self.positions, sums)
        return sums

    def drawn(self, leaves: Whole, rests: Floats) -> Whole:
        """See `EvolvedState`."""
        found = leaves * kernels.LEAF
        kernels.drawn(self.amplitudes, self.positions, leaves, rests, found)
        return found

    def correlations(self, flips: int, signs: Whole, parts: Whole) -> Floats:
        """See `EvolvedState`."""
        partners, size, part = self.partners, len(self.amplitudes), self.number
        inner, partner = flips & (size - 1), self.ranks[part ^ (flips >> self.local)]
        chunk = min(max(len(partners.buffer) // 2, kernels.LEAF), size)
        mine, other = np.empty((chunk, 2)), partners.buffer[:chunk]
        sums, chunks = np.empty((len(signs), chunk // kernels.LEAF)), np.empty((len(signs), size // chunk))
        for number, start in enumerate(range(0, size, chunk)):
            kernels.read(self.amplitudes, self.positions, start, 0, mine)
            kernels.read(self.amplitudes, self.positions, start, inner, other)
            flipped = partners.swap(partner, other) if partner != partners.rank else other
            kernels.correlate(mine, flipped, start | (part << self.local), signs, parts, sums)
            chunks[:, number] = in_pairs(sums)[-1][:, 0]
        ranks = np.array(partners.all(in_pairs(chunks)[-1][:, 0].tolist()))[self.ranks].T
        return np.asarray(in_pairs(np.ascontiguousarray(ranks))[-1][:, 0])

    def _dense(self, positions: Sequence[int], matrix: Array) -> None:
        lanes = [place for place in range(self.local) if place not in positions][: kernels.LANE_BITS]
        kernel = kernels.one_qubit if len(positions) == 1 else kernels.two_qubits
        kernel(
            self.amplitudes,
            np.array(sorted([*positions, *lanes]), dtype=np.int64),
            _offsets(positions),
            _offsets(lanes),
            np.ascontiguousarray(matrix.real),
            np.ascontiguousarray(matrix.imag),
        )

    def _diagonal(self, positions: Sequence[int], table: Floats) -> None:
        bits = min(LOW_BITS, self.local)
        low = np.zeros(2**bits, dtype=np.int64)
        above: list[tuple[int, int]] = []
        fixed = 0
        for place, position in enumerate(positions):
            if position < bits:
                low |= ((np.arange(len(low)) >> position) & 1) << place
            elif position < self.local:
                above.append((position, place))
            else:
                fixed |= ((self.partners.rank >> (position - self.local)) & 1) << place
        high = np.array(above, dtype=np.int64).reshape(-1, 2)
        columns = (np.ascontiguousarray(high[:, k]) for k in range(2))
        kernels.diagonal(self.amplitudes, table, low, *columns, fixed)

    def _exchange(self, those: Iterable[QubitSwap]) -> None:
        """Exchanges global positions with local ones, all of them at once: with every rank whose number
        differs in these positions alone, the amplitudes that have its bits there."""
        swaps = list(those)
        if not swaps:
            return
        outer = np.array([each.outer - self.local for each in swaps], dtype=np.int64)
        inner = np.array([each.inner for each in swaps], dtype=np.int64)
        for turned in range(1, 2 ** len(swaps)):
            partner = self.partners.rank ^ int(kernels.moved(turned, outer))
            theirs = sum(((partner >> place) & 1) << k for k, place in enumerate(outer.tolist()))
            self._exchange_part(partner, np.sort(inner), int(kernels.moved(theirs, inner)))
        self.partners.exchanges += 1

    def _exchange_part(self, partner: int, cut: Whole, offset: int) -> None:
        """Exchanges the amplitudes whose index has the offset's bits at the cut positions."""
        self.partners.meet(partner)
        part = len(self.amplitudes) >> len(cut)
        chunk = min(self.partners.chunk, part)
        if chunk > 1 << cut[0]:
            chunk = min(chunk, len(self.partners.buffer))
        for start in range(0, part, chunk):
            self._exchange_chunk(partner, cut, offset, start, chunk)

    def _exchange_chunk(self, partner: int, cut: Whole, offset: int, start: int, count: int) -> None:
        """Exchanges so many of them from `start` on. What lies together goes out from where it lies."""
        if count <= 1 << cut[0]:
            first, _ = kernels.run(cut, offset, start)
            part = self.amplitudes[first : first + count]
            part[:] = self.partners.swap(partner, part)
            return
        outgoing = self.partners.buffer[:count]
        kernels.pack(self.amplitudes, cut, offset, start, outgoing)
        kernels.unpack(self.amplitudes, cut, offset, start, self.partners.swap(partner, outgoing))


def _offsets(positions: Sequence[int]) -> Whole:
    """By number the index whose bits at these positions are the number's."""
    numbers = np.arange(2 ** len(positions), dtype=np.int64)
    return sum((((numbers >> k) & 1) << place for k, place in enumerate(positions)), np.zeros_like(numbers))


def tables(diagonal: Diagonal) -> list[tuple[tuple[int, ...], Floats]]:
    """Gathers the factors of a diagonal pass into tables of `TABLE_BITS` qubits at most.

    Returns:
        Qubits, and by their bits, the first the least significant, the factor: shape (2^k, 2).
    """
    groups: list[tuple[list[int], list[tuple[int, ...]]]] = []
    for qubits in diagonal.terms:
        for joint, members in groups:
            if len({*joint, *qubits}) <= TABLE_BITS:
                joint += [qubit for qubit in qubits if qubit not in joint]
                members.append(qubits)
                break
        else:
            groups.append((list(qubits), [qubits]))
    found = []
    for joint, members in groups:
        table = np.zeros((2 ** len(joint), 2))
        table[:, 0] = 1.0
        for qubits in members:
            term = np.ascontiguousarray(diagonal.terms[qubits][0]).view(np.float64).reshape(-1, 2)
            kernels.factor(table, term, np.array([joint.index(qubit) for qubit in qubits], dtype=np.int64))
        found.append((tuple(joint), table))
    return found
