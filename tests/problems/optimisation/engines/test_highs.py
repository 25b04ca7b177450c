"""HiGHS in its own process against trying every answer."""

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest

from problems.optimisation.engines import highs, highs_child
from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.highs import Highs
from problems.optimisation.engines.highs_child import HEADER_BYTES, packed, solve
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.model.models import Triage
from problems.optimisation.model.points import cost
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small


@pytest.mark.parametrize("above", [0, 1, 100])
@pytest.mark.parametrize("kind", small.KINDS)
def test_an_escape_at_the_cost_of_an_incumbent_hides_nothing_below_it(kind: str, above: int) -> None:
    for seed in range(4):
        model = small.instance(kind, seed)
        least = small.least(model)
        if least is None:
            continue
        arrays = dict(np.load(BytesIO(packed(compile_mip(model))[HEADER_BYTES:])))
        found = solve(arrays, 60.0, least + above)
        assert found["status"] == 0
        assert round(found["bound"], 5) == least
        if above:
            x = np.zeros(len(arrays["cost"]), dtype=np.int64)
            for column, value in found["x"]:
                x[column] = value
            assert cost(model, compile_mip(model).point_of(x)) == least


@pytest.mark.parametrize("kind", ["max_cut", "independent_set", "triage"])
def test_it_finds_the_best_answer_and_says_that_nothing_is_better(kind: str) -> None:
    model = small.instance(kind, 3)
    incumbent = BoardTwin(model)
    engine = Highs(model, 1)
    run(engine, incumbent, effort_s=60.0)
    assert not incumbent.faults
    assert incumbent.cost == incumbent.bound == small.least(model)
    assert [proof.kind for proof in incumbent.proofs] == ["second_engine"]
    assert incumbent.proofs[0].data == {"engine": "highs"}
    assert engine.notes()["status"] == "solved"


def test_an_answer_that_is_best_is_proven_so_by_finding_none_below() -> None:
    model = small.instance("triage", 3)
    point, value = min(small.points(model), key=lambda pair: pair[1])
    incumbent = BoardTwin(model)
    assert incumbent.offer(point, "test")
    engine = Highs(model, 1)
    run(engine, incumbent, effort_s=60.0)
    assert incumbent.bound == value
    assert engine.notes()["status"] == "solved"
    assert engine.notes()["answers"] == 0
    assert len(incumbent.offers) == 1


def test_a_dear_answer_is_replaced() -> None:
    model = small.instance("appointments", 3)
    point, value = max(small.points(model), key=lambda pair: pair[1])
    incumbent = BoardTwin(model)
    incumbent.offer(point, "test")
    run(Highs(model, 1), incumbent, effort_s=60.0)
    assert incumbent.offers == [value, small.least(model)]
    assert incumbent.proven


def test_without_any_answer_it_claims_none_and_no_bound() -> None:
    model = small.instance("triage", 0)
    assert isinstance(model, Triage)
    lost = model.patients[0].model_copy(update={"needs": ("nowhere",)})
    model = model.model_copy(update={"patients": (lost, *model.patients[1:])})
    incumbent = BoardTwin(model)
    assert run(Highs(model, 1), incumbent, effort_s=60.0) == 1
    assert incumbent.cost is None
    assert incumbent.bound is None


def test_a_search_that_is_over_ends_its_process_at_once() -> None:
    """The question has an hour; the board says stop when asked for the third time."""
    model = clinic(60, 1, load=1.3)
    incumbent = BoardTwin(model, 3600, ends=lambda incumbent: incumbent.polls > 2)
    engine = Highs(model, 1)
    assert engine.run(incumbent, 3600.0)
    assert incumbent.polls == 3
    assert engine.notes()["slices"] == 0


def test_a_process_that_dies_is_noted_and_ends_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small.instance("qubo", 1)
    monkeypatch.setattr(highs_child, "packed", lambda _: b"\0" * (HEADER_BYTES + 1))
    engine, incumbent = Highs(model, 1), BoardTwin(model)
    assert not engine.run(incumbent, 60.0)
    assert engine.notes()["status"] == "failed"
    assert incumbent.bound is None


def test_the_process_ends_with_its_input() -> None:
    """As when the rank that started it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "problems.optimisation.engines.highs_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    child.stdin.write(packed(compile_mip(small.instance("qubo", 1))))
    child.stdin.close()
    assert child.wait(timeout=60) == 0


def test_a_limit_of_time_leaves_a_bound_below_every_cost() -> None:
    mip = compile_mip(clinic(30, 1, load=1.5))
    data = packed(mip)[HEADER_BYTES:]
    arrays = dict(np.load(BytesIO(data)))
    whole = solve(arrays, 100.0, None)
    assert whole["status"] == 0
    short = solve(arrays, 0.01, 10_000)
    assert short["x"] is None or short["status"] == 1
    assert short["bound"] is None or short["bound"] <= whole["bound"] + 1e-6


def test_a_mip_too_large_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "MOST_ENTRIES", 3)
    with pytest.raises(Unsuitable, match="takes up to 3 entries"):
        Highs(small.instance("qubo", 1), 1)
    monkeypatch.setattr(highs, "MOST_STARTS", 3)
    with pytest.raises(Unsuitable, match="takes up to 3 starts"):
        Highs(small.instance("appointments", 1), 1)
