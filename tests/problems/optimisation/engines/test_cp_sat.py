"""CP-SAT's slices against trying every answer."""

import numpy as np
import pytest
from ortools.sat.python import cp_model

from problems.optimisation.engines import cp_sat
from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.cp_sat import CpSat
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.graphs import random_cut
from problems.optimisation.model.models import KINDS, Triage
from problems.optimisation.model.points import cost
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_the_best_answer_and_proves_it(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    incumbent = BoardTwin(model)
    engine = CpSat(model, seed)
    run(engine, incumbent)
    assert not incumbent.faults
    assert incumbent.cost == incumbent.bound == small.least(model)
    assert {proof.kind for proof in incumbent.proofs} == {"second_engine"}
    assert all(proof.data == {"engine": "cp_sat"} for proof in incumbent.proofs)


def test_bounds_stay_below_every_cost_while_it_searches() -> None:
    model = clinic(20, 2, load=1.3)
    incumbent = BoardTwin(model)
    run(CpSat(model, 1), incumbent, slices=3, effort_s=0.2)
    assert not incumbent.faults
    assert incumbent.bound is not None
    assert incumbent.cost is not None
    assert [proof.bound for proof in incumbent.proofs] == sorted({proof.bound for proof in incumbent.proofs})


def test_a_slice_does_the_same_again() -> None:
    model = clinic(20, 3, load=1.4)
    boards = [BoardTwin(model), BoardTwin(model)]
    for incumbent in boards:
        CpSat(model, 5).run(incumbent, 0.2)
    assert boards[0].offers == boards[1].offers
    assert boards[0].bound == boards[1].bound


def test_it_begins_from_the_board_and_offers_only_what_is_better() -> None:
    model = small.instance("triage", 3)
    points = sorted(small.points(model), key=lambda pair: pair[1])
    incumbent = BoardTwin(model)
    incumbent.offer(points[0][0], "test")
    run(CpSat(model, 1), incumbent)
    assert incumbent.offers == [points[0][1]]
    assert incumbent.proven


def test_a_search_that_is_over_is_left_at_once() -> None:
    """The slice has an hour; the board says stop when asked for the third time."""
    model = clinic(120, 1, load=1.3)
    incumbent = BoardTwin(model, 3600, ends=lambda incumbent: incumbent.polls > 2)
    assert CpSat(model, 1).run(incumbent, 3600.0)
    assert incumbent.cost is None or not incumbent.proven


def test_without_any_answer_it_claims_none_and_no_bound() -> None:
    model = small.instance("triage", 0)
    assert isinstance(model, Triage)
    lost = model.patients[0].model_copy(update={"needs": ("nowhere",)})
    model = model.model_copy(update={"patients": (lost, *model.patients[1:])})
    incumbent = BoardTwin(model)
    assert run(CpSat(model, 1), incumbent) == 1
    assert incumbent.cost is None
    assert incumbent.bound is None


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5, 1.0])
def test_a_search_that_was_cut_short_claims_no_bound_above_an_answer(seconds: float) -> None:
    model = random_cut(150, 1, 0.3)
    incumbent = BoardTwin(model, seconds=seconds)
    CpSat(model, 1).run(incumbent, 0.5)
    one_side = np.zeros(model.vertices, dtype=np.int32)
    one_side[::2] = 1
    assert incumbent.bound is None or incumbent.bound <= cost(model, one_side) < 0


def test_a_model_too_large_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cp_sat, "MOST_COLUMNS", 3)
    with pytest.raises(Unsuitable, match="columns"):
        CpSat(small.instance("qubo", 1), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_parameters_that_cp_sat_knows(kind: str) -> None:
    for text in cp_sat.SETTINGS[kind]:
        assert cp_model.CpSolver().parameters.parse_text_format(text)
