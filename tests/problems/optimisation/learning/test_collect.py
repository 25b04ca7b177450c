"""Collecting history: integrals worked out by hand, engines judged by what the best of them found."""

import json
from pathlib import Path

import pytest

from problems.optimisation.learning.collect import trials_of
from problems.optimisation.learning.integrals import distances
from problems.optimisation.learning.recipes import FIRST_SEED, recipes
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import KINDS, MaxCut

STORY = [
    {"s": 1.0, "what": "objective", "value": 6},
    {"s": 2.0, "what": "bound", "value": 12},
    {"s": 3.0, "what": "objective", "value": 8},
]


def test_integrals_are_the_mean_distance_over_the_run() -> None:
    # Best cut 8, four seconds. Incumbent: 1 s none, 2 s at 2/8, 1 s at 0. Bound: 2 s none, 2 s at 4/8.
    assert distances(STORY, best_cost=-8, direction=-1, seconds=4.0) == (1.5 / 4, 3.0 / 4)


def test_without_any_find_the_distance_is_one() -> None:
    assert distances([], best_cost=-8, direction=-1, seconds=4.0) == (1.0, 1.0)


def test_engines_are_judged_by_the_best_that_any_of_them_found() -> None:
    model = MaxCut(vertices=3, edges=((0, 1, 4), (1, 2, 4)))
    lesser = [{"s": 0.0, "what": "objective", "value": 4}]
    rows = trials_of("{}", model, {"tabu": STORY, "annealing": lesser, "spin_tree": []}, 4.0)
    assert [(row.engine, row.cost, row.bound, row.primal) for row in rows] == [
        ("tabu", -8, -12, 0.375),
        ("annealing", -4, None, 0.5),
        ("spin_tree", None, None, 1.0),
    ]


def test_an_instance_without_any_answer_teaches_nothing() -> None:
    assert trials_of("{}", MaxCut(vertices=2, edges=((0, 1, 1),)), {"tabu": []}, 4.0) == []


@pytest.mark.parametrize("kind", KINDS)
def test_recipes_load_and_keep_to_their_seeds(kind: str) -> None:
    own = [recipe for recipe in recipes(3) if recipe["kind"] == kind]
    assert len(own) == 3
    smallest = load(own[0], 0, Path())
    assert smallest.model.kind == kind
    assert all(recipe["generate"]["seed"] >= FIRST_SEED for recipe in own)
    assert len({json.dumps(recipe) for recipe in own}) == 3
