"""Parallel tempering against enumeration, Boltzmann's distribution, and slow twins."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.ladder import FIRST_WINDOW, Ladder
from problems.optimisation.engines.replicas import Replicas, lattice
from problems.optimisation.engines.tempering import Ask, Tempering, Trade, unpack_ask
from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.forms.vertex_sets import neighbours, repaired
from problems.optimisation.model import points
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo, Sense, SpinModel, Triage


class Paper:
    """A board that takes what is better and stops after so many questions."""

    def __init__(self, model: SpinModel, questions: int = 10**9) -> None:
        self.model, self.questions = model, questions
        self.point: points.Point | None = None
        self.cost: int | None = None
        self.bound: int | None = None
        self.certified_bound: int | None = None
        self.costs: list[int] = []

    def offer(self, point: points.Point, engine: str) -> bool:
        cost = points.cost(self.model, point)
        if self.cost is not None and cost >= self.cost:
            return False
        self.point, self.cost = point.copy(), cost
        self.costs.append(cost)
        return True

    def prove(self, proof: Any, engine: str) -> bool:
        raise AssertionError("tempering proves nothing")

    def stop(self) -> bool:
        self.questions -= 1
        return self.questions < 0

    def left_s(self) -> float:
        return 600.0


def random_qubo(n: int, seed: int, density: float = 0.5) -> Qubo:
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i, j in combinations(range(n), 2) if rng.random() < density]
    weights = rng.integers(1, 60, len(pairs)) * rng.choice([-1, 1], len(pairs))
    return Qubo(
        sense=Sense.MINIMISE if seed % 2 else Sense.MAXIMISE,
        linear=tuple(rng.integers(-90, 90, n).tolist()),
        quadratic=tuple((i, j, int(w)) for (i, j), w in zip(pairs, weights, strict=True)),
        offset=7,
    )


def random_cut(n: int, seed: int) -> MaxCut:
    model = random_qubo(n, seed, 0.4)
    return MaxCut(vertices=n, edges=model.quadratic)


def random_graph(n: int, seed: int) -> IndependentSet:
    edges = tuple((i, j) for i, j, _ in random_qubo(n, seed, 0.3).quadratic)
    return IndependentSet(vertices=n, edges=edges)


def cheapest(model: SpinModel) -> int:
    """By enumeration, with the solvers' cost of points."""
    best = 10**9
    for bits in product((0, 1), repeat=model.size):
        try:
            best = min(best, points.cost(model, np.array(bits, dtype=np.int32)))
        except points.Infeasible:
            continue
    return best


MODELS: list[SpinModel] = [
    random_qubo(11, 1),
    random_qubo(11, 2),
    random_cut(11, 3),
    random_graph(11, 4),
    random_graph(11, 5),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.kind)
def test_it_finds_what_enumeration_finds(model: SpinModel) -> None:
    incumbent = Paper(model)
    assert Tempering(model, seed=3).run(incumbent, 0.05)
    assert incumbent.cost == cheapest(model)


@pytest.mark.parametrize("model", [MODELS[0], MODELS[3]], ids=lambda model: model.kind)
def test_the_same_seed_and_effort_give_the_same_answers(model: SpinModel) -> None:
    told = []
    for _ in range(2):
        incumbent, engine = Paper(model), Tempering(model, seed=8)
        engine.run(incumbent, 0.02)
        engine.run(incumbent, 0.02)
        told.append(
            (
                incumbent.costs,
                incumbent.point.tolist() if incumbent.point is not None else None,
                engine.notes(),
            )
        )
    assert told[0] == told[1]


def test_it_ends_soon_after_it_is_told_to() -> None:
    engine = Tempering(MODELS[0], seed=3)
    engine.run(Paper(MODELS[0], questions=5), 60.0)
    assert engine.notes()["sweeps"] == 5


def test_a_better_point_of_somebody_else_is_taken_over() -> None:
    model = random_cut(11, 3)
    incumbent = Paper(model, questions=0)
    best = min(
        product((0, 1), repeat=11), key=lambda bits: points.cost(model, np.array(bits, dtype=np.int32))
    )
    incumbent.offer(np.array(best, dtype=np.int32), "somebody")
    engine = Tempering(model, seed=3)
    engine.run(incumbent, 0.05)
    assert engine.notes()["best_cost"] == cheapest(model)


def test_other_kinds_do_not_suit() -> None:
    triage = Triage.model_validate(
        {
            "capacities": ["beds"],
            "patients": [{"id": "p", "benefit": 1, "uses": [1]}],
            "places": [{"id": "w", "capacity": [1]}],
        }
    )
    with pytest.raises(Unsuitable, match="expected spins, got triage"):
        Tempering(triage, 1)


@pytest.mark.parametrize("dense", [True, False])
def test_energies_stay_those_of_the_spins(dense: bool) -> None:
    form = spin_form(random_qubo(30, 6, 0.9 if dense else 0.05))
    places, rng = lattice(form), np.random.default_rng(1)
    assert isinstance(places.blocks[0][2], np.ndarray) == dense
    start = rng.integers(0, 2, (30, 5)) * 2 - 1
    replicas = Replicas(places, start.astype(places.field.dtype))
    for _ in range(20):
        replicas.sweep(np.geomspace(10.0, 500.0, 5), rng)
    for column in range(5):
        bits = places.bits(replicas.spins[:, column])
        assert replicas.energy[column] == form.four_cost(bits) - form.constant
        assert places.spins(bits).tolist() == replicas.spins[:, column].tolist()


def test_spins_of_one_colour_do_not_touch_each_other() -> None:
    form = spin_form(random_qubo(40, 7, 0.2))
    places = lattice(form)
    colour = np.empty(40, dtype=int)
    for number, (a, b, _) in enumerate(places.blocks):
        colour[places.order[a:b]] = number
    i, j = form.pairs.T
    assert (colour[i] != colour[j]).all()
    assert sorted(places.order.tolist()) == list(range(40))


def test_large_couplings_are_summed_exactly() -> None:
    form = SpinForm(0, np.array([1, 0]), np.array([[0, 1]]), np.array([2**40 + 1]))
    replicas = Replicas(lattice(form), np.array([[1.0], [1.0]]))
    assert replicas.energy[0] == 2**40 + 2


def test_a_descent_ends_where_no_flip_gains() -> None:
    form = spin_form(random_qubo(25, 9))
    places, rng = lattice(form), np.random.default_rng(2)
    replicas = Replicas(places, (rng.integers(0, 2, (25, 4)) * 2 - 1).astype(places.field.dtype))
    replicas.descend()
    for column in range(4):
        bits = places.bits(replicas.spins[:, column])
        here = form.four_cost(bits)
        for v in range(25):
            assert form.four_cost(np.where(np.arange(25) == v, 1 - bits, bits)) >= here


def test_sweeps_sample_boltzmanns_distribution() -> None:
    """20,000 samples of three spins in a field, of 64 copies: frequencies within five standard errors."""
    form = SpinForm(0, np.array([2, -1, 0]), np.array([[0, 1], [1, 2]]), np.array([3, -2]))
    temperature, copies = 3.0, 64
    places, rng = lattice(form), np.random.default_rng(4)
    replicas = Replicas(places, (rng.integers(0, 2, (3, copies)) * 2 - 1).astype(places.field.dtype))
    counts = np.zeros(8)
    for sweep in range(20_000 // copies * 10):
        replicas.sweep(np.full(copies, temperature), rng)
        if sweep % 10 == 9:
            up = replicas.spins[np.argsort(places.order)] > 0
            np.add.at(counts, up.T @ np.array([4, 2, 1]), 1)
    states = np.array(list(product((0, 1), repeat=3)), dtype=np.int32)
    weight = np.exp(-np.array([form.four_cost(bits) for bits in states]) / temperature)
    expected, total = weight / weight.sum(), counts.sum()
    errors = np.sqrt(expected * (1 - expected) / total)
    assert (np.abs(counts / total - expected) < 5 * errors).all()


def test_the_ladder_makes_every_step_equally_hard() -> None:
    """Replicas of 200 free spins, energies drawn anew each time: the refusals are known to even out."""
    rng, ladder = np.random.default_rng(5), Ladder(0.3, 20.0, 8)
    for _ in range(FIRST_WINDOW * (2**6 - 1) + 500):
        energy = np.empty(8)
        mean, spread = -200 * np.tanh(1 / ladder.of_column), np.sqrt(200) / np.cosh(1 / ladder.of_column)
        energy[:] = rng.normal(mean, spread)
        ladder.swap(energy, rng)
    assert ladder.temperature[[0, -1]] == pytest.approx([0.3, 20.0])
    assert (np.diff(ladder.temperature) > 0).all()
    assert sorted(ladder.column.tolist()) == list(range(8))
    assert np.ptp(ladder.refusals()) < 0.15


def test_a_replica_that_is_asked_with_keeps_its_step() -> None:
    rng, ladder = np.random.default_rng(5), Ladder(1.0, 2.0, 6)
    for _ in range(10):
        ladder.swap(rng.normal(size=6), rng, still=2)
        assert ladder.column[2] == 2


class Line:
    """One end of a line between two ranks."""

    def __init__(self, rank: int, boxes: list[list[bytes]]) -> None:
        self.rank, self.size, self.boxes = rank, 2, boxes

    def ready(self, destination: int) -> bool:
        return not self.boxes[destination]

    def send(self, destination: int, message: bytes) -> None:
        assert self.ready(destination)
        self.boxes[destination].append(message)

    def receive(self) -> list[tuple[int, bytes]]:
        came, self.boxes[self.rank] = self.boxes[self.rank], []
        return [(1 - self.rank, data) for data in came]


def test_trading_ranks_keep_the_replicas_between_them() -> None:
    """Nothing sweeps, so the energies of both ranks are the same set when no question is open."""
    form = spin_form(random_qubo(30, 6))
    places, rng = lattice(form), np.random.default_rng(1)
    boxes: list[list[bytes]] = [[], []]
    sides = []
    for rank in range(2):
        start = rng.integers(0, 2, (30, 6)) * 2 - 1
        replicas = Replicas(places, start.astype(places.field.dtype))
        sides.append((Trade(Line(rank, boxes)), replicas, Ladder(20.0, 2000.0, 6)))
    energies = sorted(np.concatenate([replicas.energy for _, replicas, _ in sides]).tolist())
    first = sides[0][1].energy.copy()
    for _ in range(40):
        for trade, replicas, ladder in sides:
            trade.step(replicas, ladder, rng)
    for rank, (trade, replicas, _) in enumerate(sides):
        under_way = [unpack_ask(data, 30) for data in boxes[rank]] + list(
            sides[1 - rank][0]._answers.values()
        )
        for answer in (ask for ask in under_way if ask.answer):
            trade._hear(answer, replicas)
    assert sides[0][0].traded > 0
    assert sides[0][1].energy.tolist() != first.tolist()
    assert sorted(np.concatenate([replicas.energy for _, replicas, _ in sides]).tolist()) == energies
    for _, replicas, _ in sides:
        assert Replicas(places, replicas.spins).energy.tolist() == replicas.energy.tolist()


def test_an_ask_is_the_same_after_packing() -> None:
    ask = Ask(True, False, 2.5, -7.0, np.array([1, 0, 1, 1, 0, 0, 1, 0, 1], dtype=bool))
    again = unpack_ask(ask.pack(), 9)
    assert (again.answer, again.accepted, again.temperature, again.energy) == (True, False, 2.5, -7.0)
    assert again.spins.tolist() == ask.spins.tolist()


def petersen() -> IndependentSet:
    outer = [(i, (i + 1) % 5) for i in range(5)]
    inner = [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    edges = sorted(tuple(sorted(edge)) for edge in [*outer, *inner, *((i, i + 5) for i in range(5))])
    return IndependentSet(vertices=10, edges=tuple((u, v) for u, v in edges))


@pytest.mark.parametrize("fill", [0, 1])
def test_repair_gives_the_independence_number_of_petersens_graph(fill: int) -> None:
    """It is 4 (Weisstein, Petersen Graph, MathWorld)."""
    model = petersen()
    found = repaired(np.full(10, fill, dtype=np.int32), neighbours(model))
    assert points.cost(model, found) == -4


@pytest.mark.parametrize("seed", range(8))
def test_a_repaired_set_is_independent_and_cannot_be_enlarged_by_one(seed: int) -> None:
    model = random_graph(40, seed)
    graph = neighbours(model)
    found = repaired(np.random.default_rng(seed).integers(0, 2, 40).astype(np.int32), graph)
    points.cost(model, found)  # raises for an edge inside
    inside = set(np.flatnonzero(found).tolist())
    assert all(graph[v] & inside for v in range(40) if v not in inside)
