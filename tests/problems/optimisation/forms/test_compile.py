"""The MIPs against trying every answer; scipy's HiGHS solves them."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.model.models import IndependentSet, Model, Triage
from problems.optimisation.model.points import cost
from tests.problems.optimisation.forms import small


def _solved(mip: Mip, objective: Ints) -> tuple[Ints, int] | None:
    lower = np.where(mip.lower == -FREE, -np.inf, mip.lower)
    upper = np.where(mip.upper == FREE, np.inf, mip.upper)
    found = milp(
        objective.astype(float),
        integrality=np.ones(mip.columns, dtype=np.int64),
        bounds=Bounds(0, mip.top.astype(float)),
        constraints=LinearConstraint(mip.matrix.astype(float), lower, upper) if mip.rows else (),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    x = np.round(found.x).astype(np.int64)
    return x, int(mip.cost @ x) + mip.offset


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", small.KINDS)
def test_the_least_cost_of_the_mip_is_the_least_cost_of_all_answers(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    mip = compile_mip(model)
    found = _solved(mip, mip.cost)
    assert (None if found is None else found[1]) == small.least(model)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", small.KINDS)
def test_every_answer_is_a_feasible_vector_of_the_same_cost_and_comes_back_as_dear(
    kind: str, seed: int
) -> None:
    model = small.instance(kind, seed)
    mip = compile_mip(model)
    seen = 0
    for point, value in small.points(model):
        seen += 1
        if seen % 7:
            continue
        x = mip.vector_of(point)
        assert _feasible(mip, x)
        assert int(mip.cost @ x) + mip.offset == value
        assert cost(model, mip.point_of(x)) == value


def _feasible(mip: Mip, x: Ints) -> bool:
    row = mip.matrix @ x
    return bool(
        (row >= mip.lower).all() and (row <= mip.upper).all() and (x >= 0).all() and (x <= mip.top).all()
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", small.KINDS)
def test_vectors_that_are_feasible_but_not_the_best_decode_to_answers_no_dearer(kind: str, seed: int) -> None:
    """Corners in random directions; only product columns may cost more than their answer."""
    model = small.instance(kind, seed)
    mip = compile_mip(model)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        found = _solved(mip, rng.integers(-9, 10, mip.columns))
        if found is None:
            assert small.least(model) is None
            return
        value = cost(model, mip.point_of(found[0]))
        assert value <= found[1]
        if kind in {"appointments", "triage", "independent_set"}:
            assert value == found[1]


def test_equal_models_share_one_mip() -> None:
    first, second = small.instance("triage", 3), small.instance("triage", 3)
    assert first is not second
    assert compile_mip(first) is compile_mip(second)


def test_cliques_cover_every_edge_and_hold_no_others() -> None:
    model = small.instance("independent_set", 5)
    assert isinstance(model, IndependentSet)
    mip = compile_mip(model)
    joint = (mip.matrix.T @ mip.matrix).toarray() > 0
    assert {(u, v) for u, v in np.argwhere(np.triu(joint, 1)).tolist()} == set(model.edges)


def test_a_required_patient_without_any_place_leaves_nothing_feasible() -> None:
    model = small.instance("triage", 0)
    assert isinstance(model, Triage)
    lost = model.patients[0].model_copy(update={"needs": ("nowhere",)})
    mip = compile_mip(model.model_copy(update={"patients": (lost, *model.patients[1:])}))
    assert _solved(mip, mip.cost) is None


def test_kinds_of_instances_are_really_different() -> None:
    models: list[Model] = [small.instance(kind, seed) for kind in small.KINDS for seed in range(12)]
    assert len({model.digest for model in models}) == len(models)
