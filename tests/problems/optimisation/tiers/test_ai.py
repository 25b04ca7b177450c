"""The learning tier's method, driven by hand: what it asks for, and what it makes of the answers."""

from typing import Any

import pytest

from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult
from escalation.ports.methods import Solve
from problems.optimisation.learning.history import HISTORY
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model.models import MaxCut
from problems.optimisation.proofs.model import pack
from problems.optimisation.tiers.ai import LearnedPortfolio

VIEW = OptimisationView(MaxCut(vertices=2, edges=((0, 1, 1),)), "gap", 0.0, 3.0)


def choice(weights: dict[str, float], instances: int = 12) -> RawResult:
    values = {
        "learned": {"tabu": 1.0} if instances > 5 else {},
        "weights": weights,
        "expected": [],
        "features": {},
        "instances": instances,
    }
    return RawResult(JobState.DONE, values)


def answer() -> RawResult:
    values = {
        "kind": "max_cut",
        "solution": {"bits": "01"},
        "objective": 1,
        "bound": None,
        "engine": "tabu",
        "stopped": "time",
    }
    return RawResult(JobState.DONE, values, {"proofs": Blob(pack([]))})


def chosen(solve: Solve) -> LocalCall:
    work = next(solve)
    assert isinstance(work, LocalCall)
    return work


def run(solve: Solve, result: RawResult) -> MpiProgram:
    work = solve.send(result)
    assert isinstance(work, MpiProgram)
    return work


def finished(solve: Solve, result: RawResult) -> Any:
    with pytest.raises(StopIteration) as stop:
        solve.send(result)
    return stop.value.value


def test_history_is_an_input_of_the_choice_and_its_shares_go_to_the_portfolio() -> None:
    solve = LearnedPortfolio(ranks=3).solve(VIEW, seed=5)
    asked = chosen(solve)
    assert asked.inputs["history"].data == HISTORY.read_bytes()
    work = run(solve, choice({"tabu": 0.7, "annealing": 0.3}))
    assert (work.params["weights"], work.resources.ranks) == ({"tabu": 0.7, "annealing": 0.3}, 3)
    candidate = finished(solve, answer())
    assert candidate.values["solution"] == {"bits": "01"}
    assert (
        candidate.notes["learned"]["said"] == "shares of time learned from 12 solved instances of this kind"
    )


def test_with_too_short_a_history_the_usual_shares_are_kept_and_that_is_said() -> None:
    solve = LearnedPortfolio().solve(VIEW, seed=5)
    chosen(solve)
    assert run(solve, choice({}, instances=2)).params["weights"] is None
    told = finished(solve, answer()).notes["learned"]["said"]
    assert told == "2 solved instances of this kind are too few to learn from: the usual shares"


def test_where_learning_did_not_help_the_usual_shares_are_kept_and_that_is_said() -> None:
    solve = LearnedPortfolio().solve(VIEW, seed=5)
    chosen(solve)
    assert run(solve, choice({})).params["weights"] is None
    told = finished(solve, answer()).notes["learned"]["said"]
    assert told == "learned shares did not beat the usual ones on this kind when measured: the usual shares"


def test_a_choice_that_failed_fails_the_attempt_in_one_line() -> None:
    solve = LearnedPortfolio().solve(VIEW, seed=5)
    chosen(solve)
    with pytest.raises(TierwiseError, match="the work ended failed: no memory"):
        solve.send(RawResult(JobState.FAILED, error="no memory"))
