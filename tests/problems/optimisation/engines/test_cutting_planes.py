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
from problems.optimisation.forms.compile import compile_programme
from problems.optimisation.forms.programme import FREE
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.model.models import IndependentSet, MaxCut, Model
from problems.optimisation.model.points import Point
from problems.optimisation.proofs.model import pack, unpack
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.board_twin import BoardTwin, run
from tests.problems.optimisation.engines.clinics_twin import least_cost, small_clinic
from tests.problems.optimisation.engines.wards_twin import least_placement_cost, small_ward


def cut(model: Model, slices: int = 20) -> BoardTwin:
    """Runs the engine alone; every proof is shown again."""
    board = BoardTwin(model)
    run(CuttingPlanes(model, 0), board, slices)
    assert not board.faults
    for proof in board.proofs:
        verdict = verify(model, proof)
        assert verdict.bound == proof.bound, verdict
    return board


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_a_small_clinic_is_solved_and_the_bound_is_its_best_schedule(seed: int) -> None:
    model = small_clinic(seed)
    best, board = least_cost(model), cut(model)
    assert best is None or (board.bound == board.cost == best)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_a_small_ward_is_solved_and_the_bound_is_its_best_placement(seed: int) -> None:
    model = small_ward(seed)
    board = cut(model)
    assert board.bound == least_placement_cost(model)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_graphs_are_bounded_by_their_largest_independent_set(seed: int) -> None:
    random, n = Random(seed), 9
    edges = tuple((u, v) for u in range(n) for v in range(u + 1, n) if random.random() < 0.4)
    board = cut(IndependentSet(vertices=n, edges=edges))
    free = [s for s in range(2**n) if not any(s >> u & 1 and s >> v & 1 for u, v in edges)]
    assert board.bound == -max(s.bit_count() for s in free)


def test_a_generated_clinic_is_proven_optimal_once_its_best_schedule_is_known() -> None:
    # The relaxation of clinic(60, 1) is 1086 by HiGHS, and its optimum 1098.
    model = clinic(60, 1)
    board = BoardTwin(model)
    board.offer(_best(model), "known")
    assert board.cost == 1098
    run(CuttingPlanes(model, 0), board, slices=100)
    assert board.bound == 1098
    (proof,) = unpack(pack(board.proofs[-1:]))
    verdict = verify(model, proof)
    assert verdict.bound == 1098
    assert verdict.sizes["cuts"] > 0
    assert verdict.sizes["fixings"] > 0


def _best(model: Model) -> Point:
    """By scipy's HiGHS."""
    programme = compile_programme(model)
    lower = np.where(programme.lower == -FREE, -np.inf, programme.lower)
    upper = np.where(programme.upper == FREE, np.inf, programme.upper)
    found = milp(
        programme.cost,
        integrality=np.ones(programme.columns, dtype=np.int64),
        bounds=Bounds(0, programme.top),
        constraints=LinearConstraint(programme.matrix.astype(float), lower, upper),
    )
    assert found.x is not None
    return programme.point_of(np.rint(found.x).astype(np.int64))


def test_the_same_slices_prove_the_same() -> None:
    model = clinic(40, 3)

    def bounds() -> list[int]:
        board = BoardTwin(model)
        run(CuttingPlanes(model, 0), board, slices=2)
        return [proof.bound for proof in board.proofs]

    assert bounds() == bounds()


def test_nothing_is_begun_when_it_is_over() -> None:
    model = clinic(40, 3)
    board, engine = BoardTwin(model, ends=lambda _: True), CuttingPlanes(model, 0)
    engine.run(board, 1.0)
    assert not board.proofs
    assert engine.notes()["rounds"] == 0


def test_proofs_hold_while_answers_get_better() -> None:
    model = clinic(40, 3)
    better = _answers(model)
    board, engine = BoardTwin(model), CuttingPlanes(model, 0)
    for point in better:
        board.offer(point, "known")
        engine.run(board, 0.3)
    assert not board.faults
    assert len(better) > 2
    assert engine.notes()["fixed"] > 0
    for proof in board.proofs:
        verdict = verify(model, proof)
        assert verdict.bound == proof.bound, verdict


def _answers(model: Model) -> list[Point]:
    """Schedules, each better than the one before, the best there is the last."""
    board, found = BoardTwin(model), [_first(model)]
    search = ScheduleSearch(model, 1)
    for _ in range(8):
        search.run(board, 0.02)
        assert board.point is not None
        found.append(board.point.copy())
    return [*found, _best(model)]


def _first(model: Model) -> Point:
    """Some feasible schedule: the search's first."""
    board = BoardTwin(model, ends=lambda twin: twin.cost is not None)
    run(ScheduleSearch(model, 1), board)
    assert board.point is not None
    return board.point


def test_spins_have_no_such_rows() -> None:
    with pytest.raises(Unsuitable, match="max_cut"):
        CuttingPlanes(MaxCut(vertices=2, edges=((0, 1, 1),)), 0)
