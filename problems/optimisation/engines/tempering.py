"""Parallel tempering of the bits kinds; the replicas of neighbouring ranks change places too.

Replica Monte Carlo (Swendsen & Wang 1986, Phys. Rev. Lett. 57, 2607; Earl & Deem 2005, Phys. Chem. Chem.
Phys. 7, 3910): hot replicas cross barriers, exchanges carry what they find down to cold ones.
"""

import struct
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.ladder import Ladder
from problems.optimisation.engines.replicas import Lattice, Replicas, lattice
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.forms.vertex_sets import neighbours, repaired
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.model.points import Point

COLDEST, HOTTEST = 0.2, 1.0
"""Temperatures at the ends, in units of how strongly a spin is held (the order of the glass temperature of
the Sherrington-Kirkpatrick model)."""

LOOK_EVERY = 10
"""Sweeps between two descents from the lowest replicas."""

LOWEST = 6
"""Replicas that a descent starts from."""


class Team(Protocol):
    """The ranks that run tempering together; `portfolio.messenger.Messenger` is one."""

    rank: int
    size: int

    def ready(self, destination: int) -> bool: ...
    def send(self, destination: int, message: bytes) -> None: ...
    def receive(self) -> list[tuple[int, bytes]]: ...


class Tempering:
    """Replicas at many temperatures, and descents from the lowest ones.

    Where other ranks temper too, a replica is now and then offered to a neighbour on the ring of ranks, whose
    replica of the nearest temperature may take its place (`Trade`).
    """

    name: ClassVar[str] = "tempering"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int, team: Team | None = None) -> None:
        if not isinstance(model, Qubo | MaxCut | IndependentSet):
            raise Unsuitable(f"expected spins, got {model.kind}")
        self._form = spin_form(model)
        if not self._form.size:
            raise Unsuitable("expected at least one variable")
        self._rng = np.random.default_rng(seed)
        self._places = lattice(self._form)
        self._graph = neighbours(model) if isinstance(model, IndependentSet) else None
        copies = 32 if self._form.size > 8 * len(self._places.blocks) else 64
        start = self._rng.integers(0, 2, size=(self._form.size, copies)) * 2 - 1
        self._replicas = Replicas(self._places, start.astype(self._places.field.dtype))
        self._ladder = Ladder(*_range(self._places), copies)
        self._trade = Trade(team) if team is not None and team.size > 1 else None
        self._sweeps, self._best = 0, 0
        self._found: int | None = None

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """See `engines.base.Engine`; there is always another slice."""
        self._welcome(incumbent)
        for _ in range(max(LOOK_EVERY, round(effort_s / self.sweep_s))):
            if incumbent.stop():
                break
            still = -1 if self._trade is None else self._trade.still
            self._replicas.sweep(self._ladder.of_column, self._rng)
            self._ladder.swap(self._replicas.energy, self._rng, still)
            self._sweeps += 1
            if self._sweeps % LOOK_EVERY == 0:
                self._look(incumbent)
                if self._trade is not None:
                    self._trade.step(self._replicas, self._ladder, self._rng)
        return True

    @property
    def sweep_s(self) -> float:
        """Seconds of a sweep on an ordinary core, by the counts of what it does."""
        n, copies = self._form.size, len(self._ladder.column)
        entries = sum(_entries(rows) for _, _, rows in self._places.blocks)
        per_entry = 2e-10 if isinstance(self._places.blocks[0][2], np.ndarray) else 1.2e-9
        return 2e-4 + 4e-5 * len(self._places.blocks) + copies * (per_entry * entries + 1.5e-8 * n)

    def notes(self) -> dict[str, Any]:
        n, copies = self._form.size, len(self._ladder.column)
        refusals = self._ladder.refusals()
        return {
            "sweeps": self._sweeps,
            "replicas": copies,
            "flips_tried": self._sweeps * n * copies,
            "colours": len(self._places.blocks),
            "temperatures": [float(self._ladder.temperature[0]), float(self._ladder.temperature[-1])],
            "refusals": [round(float(refusals.min()), 3), round(float(refusals.max()), 3)],
            "best_cost": self._found,
            **({} if self._trade is None else {"asked": self._trade.asked, "traded": self._trade.traded}),
        }

    def _welcome(self, incumbent: Incumbent) -> None:
        """Puts a better point of somebody else in the coldest replica's place."""
        if incumbent.point is None or incumbent.cost is None:
            return
        if self._found is not None and incumbent.cost >= self._found:
            return
        self._found = incumbent.cost
        guest = Replicas(self._places, self._places.spins(incumbent.point)[:, None])
        column = self._ladder.column[0]
        self._replicas.spins[:, column] = guest.spins[:, 0]
        self._replicas.energy[column] = guest.energy[0]

    def _look(self, incumbent: Incumbent) -> None:
        """Descends from the lowest replicas and offers what is better than anything before."""
        lowest = np.argsort(self._replicas.energy, kind="stable")[:LOWEST]
        copies = Replicas(self._places, self._replicas.spins[:, lowest].copy())
        copies.descend()
        columns = np.argsort(copies.energy, kind="stable")
        columns = columns[:1] if self._graph is None else columns
        for column in columns.tolist():
            self._offer(incumbent, self._places.bits(copies.spins[:, column]))

    def _offer(self, incumbent: Incumbent, bits: Point) -> None:
        if self._graph is None:
            cost = self._form.four_cost(bits) // 4
        else:
            bits = repaired(bits, self._graph)
            cost = -int(bits.sum())
        if self._found is None or cost < self._found:
            self._found = cost
        if incumbent.cost is None or cost < incumbent.cost:
            incumbent.offer(bits, self.name)


def _range(places: Lattice) -> tuple[float, float]:
    # frozen at the cold end where spins are held weakly, free at the hot end where they are held strongly
    held = places.strength[places.strength > 0]
    if not held.size:
        return COLDEST, HOTTEST
    return COLDEST * float(np.quantile(held, 0.25)), HOTTEST * float(np.quantile(held, 0.95))


def _entries(rows: Any) -> int:
    return int(rows.size if isinstance(rows, np.ndarray) else rows.nnz)


@dataclass(frozen=True, eq=False)
class Ask:
    """A replica on its way: asked (or answered) at a temperature, with its energy and sorted spins."""

    answer: bool
    accepted: bool
    temperature: float
    energy: float
    spins: NDArray[np.bool_]

    HEAD: ClassVar[struct.Struct] = struct.Struct("<??dd")

    def pack(self) -> bytes:
        head = self.HEAD.pack(self.answer, self.accepted, self.temperature, self.energy)
        return head + np.packbits(self.spins).tobytes()


def unpack_ask(data: bytes, n: int) -> Ask:
    """Reads what `Ask.pack` wrote, of n spins."""
    answer, accepted, temperature, energy = Ask.HEAD.unpack_from(data)
    packed = np.frombuffer(data[Ask.HEAD.size :], dtype=np.uint8)
    return Ask(answer, accepted, temperature, energy, np.unpackbits(packed, count=n).astype(bool))


class Trade:
    """Replica exchange with the neighbouring ranks, which may be busy elsewhere for long.

    A rank asks with a copy of a replica and goes on; the replica keeps its place on the ladder until the
    answer comes. The neighbour accepts by Metropolis' rule against its own replica of the nearest
    temperature, takes the copy, and sends its own back, which replaces what the replica has become
    meanwhile: as if the asker's replica had stood still. Nobody waits.

    Attributes:
        still: the replica that is asked with, -1 without one.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._neighbours = sorted({(team.rank + 1) % team.size, (team.rank - 1) % team.size})
        self._answers: dict[int, Ask] = {}
        self.still, self.asked, self.traded = -1, 0, 0

    def step(self, replicas: Replicas, ladder: Ladder, rng: np.random.Generator) -> None:
        """Receives, answers, and asks when no question is open."""
        for source, data in self._team.receive():
            ask = unpack_ask(data, len(replicas.spins))
            if ask.answer:
                self._hear(ask, replicas)
            else:
                self._answers[source] = self._decide(ask, replicas, ladder, rng)
        for source in [source for source in self._answers if self._team.ready(source)]:
            self._team.send(source, self._answers.pop(source).pack())
        there = self._neighbours[int(rng.integers(len(self._neighbours)))]
        if self.still < 0 and there not in self._answers and self._team.ready(there):
            step = int(rng.integers(len(ladder.column)))
            self.still = int(ladder.column[step])
            self.asked += 1
            ask = _of_replica(replicas, self.still, ladder.temperature[step], answer=False, accepted=False)
            self._team.send(there, ask.pack())

    def _hear(self, ask: Ask, replicas: Replicas) -> None:
        if ask.accepted:
            _take(ask, replicas, self.still)
            self.traded += 1
        self.still = -1

    def _decide(self, ask: Ask, replicas: Replicas, ladder: Ladder, rng: np.random.Generator) -> Ask:
        # nearest by ratio: the ladder's temperatures are spaced geometrically at first
        step = int(np.argmin(np.abs(np.log(ladder.temperature / ask.temperature))))
        column = int(ladder.column[step])
        mine = 1 / ladder.temperature[step]
        exponent = (mine - 1 / ask.temperature) * (replicas.energy[column] - ask.energy)
        # detailed balance of the pair: min(1, exp((1/T - 1/T') (E - E'))). The replica that is
        # asked with itself must not change before its answer comes
        accepted = column != self.still and bool(rng.random() < np.exp(min(0.0, exponent)))
        answer = _of_replica(replicas, column, ladder.temperature[step], answer=True, accepted=accepted)
        if accepted:
            _take(ask, replicas, column)
            self.traded += 1
        return answer


def _of_replica(replicas: Replicas, column: int, temperature: float, *, answer: bool, accepted: bool) -> Ask:
    spins = replicas.spins[:, column] > 0
    return Ask(answer, accepted, float(temperature), float(replicas.energy[column]), spins)


def _take(ask: Ask, replicas: Replicas, column: int) -> None:
    replicas.spins[:, column] = np.where(ask.spins, 1, -1)
    replicas.energy[column] = ask.energy
