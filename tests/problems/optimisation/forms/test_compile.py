"""The integer programmes against trying every answer; scipy's HiGHS solves them."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from problems.optimisation.forms.compile import compile_programme
from problems.optimisation.forms.programme import FREE, Ints, Programme
from problems.optimisation.model.models import IndependentSet, Model, Triage
from problems.optimisation.model.points import cost
from tests.problems.optimisation.forms import small


def _solved(programme: Programme, objective: Ints) -> tuple[Ints, int] | None:
    lower = np.where(programme.lower == -FREE, -np.inf, programme.lower)
    upper = np.where(programme.upper == FREE, np.inf, programme.upper)
    found = milp(
        objective.astype(float),
        integrality=np.ones(programme.columns, dtype=np.int64),
        bounds=Bounds(0, programme.top.astype(float)),
        constraints=LinearConstraint(programme.matrix.astype(float), lower, upper) if programme.rows else (),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    x = np.round(found.x).astype(np.int64)
    return x, int(programme.cost @ x) + programme.offset


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", small.KINDS)
def test_the_least_cost_of_the_programme_is_the_least_cost_of_all_answers(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    programme = compile_programme(model)
    found = _solved(programme, programme.cost)
    assert (None if found is None else found[1]) == small.least(model)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", small.KINDS)
def test_every_answer_is_a_feasible_vector_of_the_same_cost_and_comes_back_as_dear(
    kind: str, seed: int
) -> None:
    model = small.instance(kind, seed)
    programme = compile_programme(model)
    seen = 0
    for point, value in small.points(model):
        seen += 1
        if seen % 7:
            continue
        x = programme.vector_of(point)
        assert _feasible(programme, x)
        assert int(programme.cost @ x) + programme.offset == value
        assert cost(model, programme.point_of(x)) == value


def _feasible(programme: Programme, x: Ints) -> bool:
    row = programme.matrix @ x
    return bool(
        (row >= programme.lower).all()
        and (row <= programme.upper).all()
        and (x >= 0).all()
        and (x <= programme.top).all()
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", small.KINDS)
def test_vectors_that_are_feasible_but_not_the_best_decode_to_answers_no_dearer(kind: str, seed: int) -> None:
    """Corners in random directions; only product columns may cost more than their answer."""
    model = small.instance(kind, seed)
    programme = compile_programme(model)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        found = _solved(programme, rng.integers(-9, 10, programme.columns))
        if found is None:
            assert small.least(model) is None
            return
        value = cost(model, programme.point_of(found[0]))
        assert value <= found[1]
        if kind in {"appointments", "triage", "independent_set"}:
            assert value == found[1]


def test_equal_models_share_one_programme() -> None:
    first, second = small.instance("triage", 3), small.instance("triage", 3)
    assert first is not second
    assert compile_programme(first) is compile_programme(second)


def test_cliques_cover_every_edge_and_hold_no_others() -> None:
    model = small.instance("independent_set", 5)
    assert isinstance(model, IndependentSet)
    programme = compile_programme(model)
    joint = (programme.matrix.T @ programme.matrix).toarray() > 0
    assert {(u, v) for u, v in np.argwhere(np.triu(joint, 1)).tolist()} == set(model.edges)


def test_a_required_patient_without_any_place_leaves_nothing_feasible() -> None:
    model = small.instance("triage", 0)
    assert isinstance(model, Triage)
    lost = model.patients[0].model_copy(update={"needs": ("nowhere",)})
    programme = compile_programme(model.model_copy(update={"patients": (lost, *model.patients[1:])}))
    assert _solved(programme, programme.cost) is None


def test_kinds_of_instances_are_really_different() -> None:
    models: list[Model] = [small.instance(kind, seed) for kind in small.KINDS for seed in range(12)]
    assert len({model.digest for model in models}) == len(models)
