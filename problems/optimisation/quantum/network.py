"""How a problem's couplings become two-qubit gates between neighbours, in few layers.

Two fits. `native`: the couplings lie on a heavy-hex lattice, every one is a ZZ rotation where it is, in as
many rounds as the largest degree (an edge colouring; the lattice is bipartite, so König's theorem holds).
`line`: a network of swaps along a line (Kivlichan et al. 2018, Phys. Rev. Lett. 120, 110501; for QAOA
Weidenfeller et al. 2022, Quantum 6, 870): in n rounds of neighbours every pair meets once, and rotation and
swap together cost three CX. All rotations of a layer commute, so a layer may go through the network
backwards, which brings the qubits home. A line is what every device has, so nothing is left to route.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from problems.optimisation.quantum.lattice import Place, embed

Pair = tuple[int, int]
SHUFFLES = 60
SEED = 20_220_124
"""Orders tried for a line, and from which seed: fixed, so that a quote and the work see one circuit."""


@dataclass(frozen=True)
class NetworkGate:
    """A step on two qubits.

    Attributes:
        a: qubit of the circuit.
        b: another, next to it on a line.
        pair: the variables whose coupling is rotated, in the order of the problem's pairs; None for none.
        swap: whether the qubits' variables change places.
    """

    a: int
    b: int
    pair: Pair | None
    swap: bool

    @property
    def cost(self) -> int:
        """CX gates that it takes, one after another."""
        return 3 if self.swap else 2


@dataclass(frozen=True)
class NetworkFit:
    """A problem on qubits.

    Attributes:
        kind: `native` or `line`.
        start: the variable that each qubit holds at the start.
        end: likewise after an odd number of layers.
        gates: of an odd layer; an even one has them in reverse.
    """

    kind: str
    start: tuple[int, ...]
    end: tuple[int, ...]
    gates: tuple[NetworkGate, ...]

    def layer(self, number: int) -> tuple[NetworkGate, ...]:
        """The gates of layer `number`, from 0."""
        return self.gates if number % 2 == 0 else self.gates[::-1]

    def held(self, layers: int) -> tuple[int, ...]:
        """The variable that each qubit holds after so many layers."""
        return self.end if layers % 2 else self.start

    def two_qubit_gates(self, layers: int) -> int:
        """CX gates of so many layers."""
        return layers * sum(gate.cost for gate in self.gates)

    def two_qubit_depth(self, layers: int) -> int:
        """Rounds of CX gates when each starts as early as it can."""
        ready: dict[int, int] = {}
        for number in range(layers):
            for gate in self.layer(number):
                ready[gate.a] = ready[gate.b] = max(ready.get(gate.a, 0), ready.get(gate.b, 0)) + gate.cost
        return max(ready.values(), default=0)


def fit(size: int, pairs: Sequence[Pair]) -> NetworkFit:
    """Returns the native fit where there is one, else the line.

    Native is never deeper: any circuit is as deep as its busiest variable has couplings, twice.
    """
    places = embed(size, pairs)
    return line(size, pairs) if places is None else native(size, pairs, places)


def native(size: int, pairs: Sequence[Pair], places: Sequence[Place]) -> NetworkFit:
    """Every pair where it is. Qubits go through the lattice column by column, which keeps the cuts narrow."""
    start = tuple(sorted(range(size), key=lambda v: (places[v][1], places[v][0])))
    qubit = {variable: index for index, variable in enumerate(start)}
    gates = [NetworkGate(qubit[a], qubit[b], (a, b), False) for a, b in coloured(pairs)]
    return NetworkFit("native", start, start, tuple(gates))


def coloured(pairs: Sequence[Pair]) -> list[Pair]:
    """Orders the edges of a bipartite graph round by round, as few rounds as its largest degree.

    Each edge takes the free colours of its ends; where they differ, the path of the two colours that starts
    at one end is recoloured (König 1916).
    """
    colour: dict[frozenset[int], int] = {}
    at: dict[int, dict[int, int]] = {}
    for u, v in pairs:
        a, b = _free(at.setdefault(u, {})), _free(at.setdefault(v, {}))
        if a != b:
            _exchange(v, a, b, at, colour)
        at[u][a], at[v][a] = v, u
        colour[frozenset((u, v))] = a
    return sorted(pairs, key=lambda pair: (colour[frozenset(pair)], pair))


def _free(used: dict[int, int]) -> int:
    return next(c for c in range(len(used) + 1) if c not in used)


def _exchange(
    start: int, a: int, b: int, at: dict[int, dict[int, int]], colour: dict[frozenset[int], int]
) -> None:
    """Exchanges colours a and b along the path from `start` that begins with a."""
    path, here, want = [start], start, a
    while want in at[here]:
        here = at[here][want]
        path.append(here)
        want = b if want == a else a
    for k in range(len(path) - 1):
        at[path[k]].pop(a if k % 2 == 0 else b, None)
        at[path[k + 1]].pop(a if k % 2 == 0 else b, None)
    for k in range(len(path) - 1):
        new = b if k % 2 == 0 else a
        at[path[k]][new], at[path[k + 1]][new] = path[k + 1], path[k]
        colour[frozenset((path[k], path[k + 1]))] = new


def line(size: int, pairs: Sequence[Pair]) -> NetworkFit:
    """The best of several orders along a line: as given, by bandwidth, by the Fiedler vector, at random."""
    wanted = {frozenset(pair): pair for pair in pairs}
    fits = [_network(order, wanted) for order in _orders(size, pairs)]
    return min(fits, key=lambda each: (each.two_qubit_depth(1), each.two_qubit_gates(1)))


def _orders(size: int, pairs: Sequence[Pair]) -> Iterable[tuple[int, ...]]:
    yield tuple(range(size))
    if not pairs or len(pairs) == size * (size - 1) // 2:
        return
    matrix = np.zeros((size, size))
    i, j = np.asarray(pairs).T
    matrix[i, j] = matrix[j, i] = 1
    yield tuple(int(v) for v in reverse_cuthill_mckee(csr_array(matrix), symmetric_mode=True))
    laplacian = np.diag(matrix.sum(axis=0)) - matrix
    fiedler = np.linalg.eigh(laplacian)[1][:, min(1, size - 1)].round(9)
    yield tuple(int(v) for v in np.argsort(fiedler, kind="stable"))
    rng = np.random.default_rng(SEED)
    for _ in range(SHUFFLES):
        yield tuple(int(v) for v in rng.permutation(size))


def _network(order: tuple[int, ...], wanted: dict[frozenset[int], Pair]) -> NetworkFit:
    """Rounds of neighbours until every wanted pair has met; swaps that lead nowhere are then left out."""
    held, left, gates = list(order), dict(wanted), list[NetworkGate]()
    for number in range(len(order)):
        if not left:
            break
        for a in range(number % 2, len(order) - 1, 2):
            gates.append(NetworkGate(a, a + 1, left.pop(frozenset(held[a : a + 2]), None), True))
            held[a], held[a + 1] = held[a + 1], held[a]
    kept = _pruned(gates)
    return NetworkFit("line", order, _end(order, kept), kept)


def _pruned(gates: Sequence[NetworkGate]) -> tuple[NetworkGate, ...]:
    """Leaves out swaps after which neither qubit is used again; the rotation stays."""
    later: set[int] = set()
    kept: list[NetworkGate] = []
    for gate in reversed(gates):
        swap = bool(later & {gate.a, gate.b})
        if swap or gate.pair is not None:
            kept.append(NetworkGate(gate.a, gate.b, gate.pair, swap))
            later |= {gate.a, gate.b}
    return tuple(kept[::-1])


def _end(order: tuple[int, ...], gates: Iterable[NetworkGate]) -> tuple[int, ...]:
    held = list(order)
    for gate in gates:
        if gate.swap:
            held[gate.a], held[gate.b] = held[gate.b], held[gate.a]
    return tuple(held)
