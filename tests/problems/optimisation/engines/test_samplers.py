"""Annealing and tabu search against trying every answer."""

import numpy as np
import pytest

from problems.optimisation.engines import samplers
from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.samplers import Annealing, Tabu
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small

ENGINES = [Annealing, Tabu]
BITS = ("qubo", "max_cut", "independent_set")


def _large(kind: str) -> Qubo | MaxCut | IndependentSet:
    rng = np.random.default_rng(11)
    pairs = small.edges(rng, 60, 0.2)
    if kind == "independent_set":
        return IndependentSet(vertices=60, edges=pairs)
    weights = rng.choice([-2, -1, 1, 3], size=len(pairs)).tolist()
    triples = tuple((u, v, w) for (u, v), w in zip(pairs, weights, strict=True))
    if kind == "max_cut":
        return MaxCut(vertices=60, edges=triples)
    return Qubo(linear=tuple(rng.integers(-4, 5, 60).tolist()), quadratic=triples)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("engine", ENGINES)
def test_it_finds_the_best_answer_of_a_small_instance(
    engine: type[Annealing | Tabu], kind: str, seed: int
) -> None:
    model = small.instance(kind, seed)
    incumbent = BoardTwin(model)
    run(engine(model, seed), incumbent, slices=4, effort_s=0.02)
    assert not incumbent.faults
    assert incumbent.cost == small.least(model)
    assert incumbent.bound is None


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("engine", ENGINES)
def test_slices_do_the_same_again_and_take_up_the_board(engine: type[Annealing | Tabu], kind: str) -> None:
    model = _large(kind)
    boards = [BoardTwin(model), BoardTwin(model)]
    for incumbent in boards:
        searcher = engine(model, 5)
        run(searcher, incumbent, slices=4, effort_s=0.05)
        assert searcher.notes()["slices"] == 4
        assert searcher.notes()["from_board"] > 0
    assert not boards[0].faults
    assert boards[0].offers == boards[1].offers
    assert boards[0].point is not None
    assert boards[1].point is not None
    assert boards[0].point.tolist() == boards[1].point.tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_search_that_is_over_is_left_between_samples(engine: type[Annealing | Tabu]) -> None:
    """The slice has an hour; the board says stop when asked for the third time."""
    model = _large("qubo")
    incumbent = BoardTwin(model, 3600, ends=lambda incumbent: incumbent.polls > 2)
    assert engine(model, 1).run(incumbent, 3600.0)
    assert incumbent.polls == 3
    assert incumbent.cost is not None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "model",
    [
        MaxCut(vertices=1, edges=()),
        MaxCut(vertices=3, edges=()),
        IndependentSet(vertices=2, edges=()),
        Qubo(linear=(0,), quadratic=()),
        Qubo(linear=(3, -1), quadratic=()),
    ],
)
def test_instances_with_nothing_to_weigh_are_answered(
    engine: type[Annealing | Tabu], model: MaxCut | IndependentSet | Qubo
) -> None:
    incumbent = BoardTwin(model)
    run(engine(model, 1), incumbent, slices=2, effort_s=0.01)
    assert not incumbent.faults
    assert incumbent.cost == small.least(model)


@pytest.mark.parametrize("engine", ENGINES)
def test_other_kinds_and_sizes_are_refused(
    engine: type[Annealing | Tabu], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unsuitable, match="not triage"):
        engine(small.instance("triage", 1), 1)
    monkeypatch.setattr(samplers, "MOST_SPINS", 7)
    with pytest.raises(Unsuitable, match="up to 7 variables, not 8"):
        engine(small.instance("qubo", 1), 1)
