"""Bounds of cutting planes, held against enumeration, HiGHS and the verifier."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.cutting_planes import CuttingPlanes
from problems.optimisation.engines.schedule_search import ScheduleSearch
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.model.models import IndependentSet, MaxCut, Model
from problems.optimisation.model.points import Point
from problems.optimisation.proofs.model import pack, unpack
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.clinics_twin import least_cost, small_clinic
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.engines.wards_twin import least_placement_cost, small_ward


def cut(model: Model, slices: int = 20) -> BoardTwin:
    """Runs the engine alone; every proof is shown again."""
    incumbent = BoardTwin(model)
    run(CuttingPlanes(model, 0), incumbent, slices)
    assert not incumbent.faults
    for proof in incumbent.proofs:
        verdict = verify(model, proof)
        assert verdict.bound == proof.bound, verdict
    return incumbent


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_a_small_clinic_is_solved_and_the_bound_is_its_best_schedule(seed: int) -> None:
    model = small_clinic(seed)
    best, incumbent = least_cost(model), cut(model)
    assert best is None or (incumbent.bound == incumbent.cost == best)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_a_small_ward_is_solved_and_the_bound_is_its_best_placement(seed: int) -> None:
    model = small_ward(seed)
    incumbent = cut(model)
    assert incumbent.bound == least_placement_cost(model)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_graphs_are_bounded_by_their_largest_independent_set(seed: int) -> None:
    random, n = Random(seed), 9
    edges = tuple((u, v) for u in range(n) for v in range(u + 1, n) if random.random() < 0.4)
    incumbent = cut(IndependentSet(vertices=n, edges=edges))
    free = [s for s in range(2**n) if not any(s >> u & 1 and s >> v & 1 for u, v in edges)]
    assert incumbent.bound == -max(s.bit_count() for s in free)


def test_a_generated_clinic_is_proven_optimal_once_its_best_schedule_is_known() -> None:
    # The relaxation of clinic(60, 1) is 1086 by HiGHS, and its optimum 1098.
    model = clinic(60, 1)
    incumbent = BoardTwin(model)
    incumbent.offer(_best(model), "known")
    assert incumbent.cost == 1098
    run(CuttingPlanes(model, 0), incumbent, slices=100)
    assert incumbent.bound == 1098
    (proof,) = unpack(pack(incumbent.proofs[-1:]))
    verdict = verify(model, proof)
    assert verdict.bound == 1098
    assert verdict.sizes["cuts"] > 0
    assert verdict.sizes["fixings"] > 0


def _best(model: Model) -> Point:
    """By scipy's HiGHS."""
    mip = compile_mip(model)
    lower = np.where(mip.lower == -FREE, -np.inf, mip.lower)
    upper = np.where(mip.upper == FREE, np.inf, mip.upper)
    found = milp(
        mip.cost,
        integrality=np.ones(mip.columns, dtype=np.int64),
        bounds=Bounds(0, mip.top),
        constraints=LinearConstraint(mip.matrix.astype(float), lower, upper),
    )
    assert found.x is not None
    return mip.point_of(np.rint(found.x).astype(np.int64))


def test_the_same_slices_prove_the_same() -> None:
    model = clinic(40, 3)

    def bounds() -> list[int]:
        incumbent = BoardTwin(model)
        run(CuttingPlanes(model, 0), incumbent, slices=2)
        return [proof.bound for proof in incumbent.proofs]

    assert bounds() == bounds()


def test_nothing_is_begun_when_it_is_over() -> None:
    model = clinic(40, 3)
    incumbent, engine = BoardTwin(model, ends=lambda _: True), CuttingPlanes(model, 0)
    engine.run(incumbent, 1.0)
    assert not incumbent.proofs
    assert engine.notes()["rounds"] == 0


def test_proofs_hold_while_answers_get_better() -> None:
    model = clinic(40, 3)
    better = _answers(model)
    incumbent, engine = BoardTwin(model), CuttingPlanes(model, 0)
    for point in better:
        incumbent.offer(point, "known")
        engine.run(incumbent, 0.3)
    assert not incumbent.faults
    assert len(better) > 2
    assert engine.notes()["fixed"] > 0
    for proof in incumbent.proofs:
        verdict = verify(model, proof)
        assert verdict.bound == proof.bound, verdict


def _answers(model: Model) -> list[Point]:
    """Schedules, each better than the one before, the best there is the last."""
    incumbent, found = BoardTwin(model), [_first(model)]
    search = ScheduleSearch(model, 1)
    for _ in range(8):
        search.run(incumbent, 0.02)
        assert incumbent.point is not None
        found.append(incumbent.point.copy())
    return [*found, _best(model)]


def _first(model: Model) -> Point:
    """Some feasible schedule: the search's first."""
    incumbent = BoardTwin(model, ends=lambda twin: twin.cost is not None)
    run(ScheduleSearch(model, 1), incumbent)
    assert incumbent.point is not None
    return incumbent.point


def test_spins_have_no_such_rows() -> None:
    with pytest.raises(Unsuitable, match="max_cut"):
        CuttingPlanes(MaxCut(vertices=2, edges=((0, 1, 1),)), 0)
