"""The order of passes in which few exchanges between ranks are needed, chosen before anything is split.

Passes on different qubits commute, but not to the last bit; so the order is one for all numbers of ranks. It
is a list schedule: as if some qubits were out of reach, everything that can go on without them does, and
only then one is brought in (as Häner & Steiger 2017, doi:10.1145/3126908.3126947, schedule their stages).
"""

from collections.abc import Iterator, Sequence
from math import inf

from backends.statevector_mpi.fusion import Dense, Diagonal, Pass, in_order
from backends.statevector_mpi.layout import least_traffic

OUTSIDE = range(1, 7)
GLOBAL = range(1, 5)


def arranged(passes: Sequence[Pass], qubits: int) -> tuple[list[Pass], list[int]]:
    """Chooses the order and the names of qubits that cost 2, 4, 8 and 16 ranks the least together.

    Returns:
        The passes, and by qubit its new name.
    """
    made = []
    for outside in OUTSIDE if qubits > GLOBAL.stop else OUTSIDE[:1]:
        found = ordered(passes, qubits, outside)
        new = names(found, qubits)
        made.append(([renamed(each, new) for each in found], new))
    return min(made, key=lambda one: _cost(one[0], qubits))


def _cost(passes: Sequence[Pass], qubits: int) -> float:
    return sum(least_traffic(qubits, qubits - each, passes)[0] for each in GLOBAL if each < qubits - 1)


def ordered(passes: Sequence[Pass], qubits: int, outside: int) -> list[Pass]:
    """Returns the passes in an order that does the same.

    Args:
        passes: in any right order.
        qubits: they are on.
        outside: qubits that are taken to be on other ranks.
    """
    return list(_Schedule(passes, qubits, max(0, min(outside, qubits - 2))).run())


def names(passes: Sequence[Pass], qubits: int) -> list[int]:
    """New names for the qubits: the highest for those that are done with first, which then are on other ranks
    in the end, where the highest are to be."""
    last = [-1] * qubits
    for number, each in enumerate(passes):
        for qubit in each.qubits if isinstance(each, Dense) else ():
            last[qubit] = number
    found = [0] * qubits
    for name, qubit in enumerate(sorted(range(qubits), key=lambda one: (-last[one], one))):
        found[qubit] = name
    return found


def renamed(each: Pass, names: Sequence[int]) -> Pass:
    """The pass with its qubits under new names."""
    if isinstance(each, Dense):
        return Dense(*in_order([names[qubit] for qubit in each.qubits], each.matrix))
    terms = {}
    for qubits, factors in each.terms.items():
        new = [names[qubit] for qubit in qubits]
        swapped = factors if new == sorted(new) else factors[:, [0, 2, 1, 3]]
        terms[tuple(sorted(new))] = swapped
    return Diagonal(terms)


def touched(each: Pass) -> set[int]:
    """The qubits of a pass."""
    return set(each.qubits) if isinstance(each, Dense) else {q for qubits in each.terms for q in qubits}


class _Schedule:
    """Passes that are left, by qubit, and the qubits in reach."""

    def __init__(self, passes: Sequence[Pass], qubits: int, outside: int) -> None:
        self._passes = passes
        self._touched = [touched(each) for each in passes]
        self._left: list[list[int]] = [[] for _ in range(qubits)]
        for number in reversed(range(len(passes))):
            for qubit in self._touched[number]:
                self._left[qubit].append(number)  # the next one last
        late = sorted(range(qubits), key=lambda qubit: (self._next_dense(qubit), qubit))
        self._inside = set(late[: qubits - outside])

    def run(self) -> Iterator[Pass]:
        """Yields the passes in their new order."""
        while True:
            yield from self._within_reach()
            blocked = self._ready()
            if not blocked:
                return
            needed = self._touched[min(blocked)]
            for qubit in sorted(needed - self._inside):
                self._inside.remove(max(self._inside - needed, key=lambda one: (self._next_dense(one), one)))
                self._inside.add(qubit)

    def _within_reach(self) -> Iterator[Pass]:
        while possible := [number for number in self._ready() if self._reached(number)]:
            for number in possible:
                yield self._passes[number]
                for qubit in self._touched[number]:
                    self._left[qubit].pop()

    def _ready(self) -> list[int]:
        """Numbers of the passes that wait for no other."""
        next_ = {left[-1] for left in self._left if left}
        return sorted(n for n in next_ if all(self._left[qubit][-1] == n for qubit in self._touched[n]))

    def _reached(self, number: int) -> bool:
        return not isinstance(self._passes[number], Dense) or self._touched[number] <= self._inside

    def _next_dense(self, qubit: int) -> float:
        left = reversed(self._left[qubit])
        return next((number for number in left if isinstance(self._passes[number], Dense)), inf)
