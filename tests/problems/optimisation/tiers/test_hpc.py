"""The portfolio as the hpc tier's method: what it asks for, and what it makes of the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backends.mpi.backend import MpiBackend
from escalation.inputs.settings import Settings
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.identity import digest_json
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.testing.family import PaperDevice, drive_method
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model import points
from problems.optimisation.model.models import MaxCut
from problems.optimisation.proofs.model import Proof, pack, unpack
from problems.optimisation.tiers.hpc import Portfolio

RING = MaxCut(vertices=5, edges=((0, 1, 1), (0, 4, 1), (1, 2, 1), (2, 3, 1), (3, 4, 1)))
"""Five vertices on a ring: an odd ring has one edge that is not cut, so the largest cut is 4."""

PROOFS = pack([Proof("semidefinite", -4, {"shift": 0})])


@pytest.fixture
def view() -> OptimisationView:
    return OptimisationView(RING, "objective", 4.0, 120.0)


def answer(work: Work, **changes: Any) -> RawResult:
    values = {
        "kind": "max_cut",
        "solution": {"bits": "01010"},
        "objective": 4,
        "bound": 4,
        "engine": "tempering",
        "stopped": "proven",
        "remarks": [],
        "engines": {"tempering": {}},
        **changes,
    }
    evidence = {"portfolio.json": Blob(b'{"timeline": [{"s": 0.5, "value": 4}]}')}
    return RawResult(JobState.DONE, values, {"proofs": Blob(PROOFS)}, evidence=evidence)


def test_it_asks_for_one_mpi_program_within_its_quote(view: OptimisationView) -> None:
    method = Portfolio(ranks=4)
    work = next(method.solve(view, 7))
    assert isinstance(work, MpiProgram)
    assert (work.resources.ranks, work.params["seed"], work.params["search_s"]) == (4, 7, 120.0)
    assert work.params["aim"] == {"metric": "objective", "limit": 4.0}
    assert work.inputs == {"model": view.blob}
    assert work.resources.wall_s > 120.0
    quote = method.quote(view, PaperDevice())
    assert (quote.amounts.wall_s, quote.amounts.cpu_s) == (work.resources.wall_s, 4 * work.resources.wall_s)
    assert digest_json(work.to_json()) == work.digest


def test_restrictions_weights_and_rounds_are_part_of_the_work(view: OptimisationView) -> None:
    usual = Portfolio().work(view, 7)
    others = [
        Portfolio(engines=("tabu",)),
        Portfolio(weights={"tabu": 0.5}),
        Portfolio(rounds={"count": 3, "effort_s": 0.1}),
    ]
    works = [method.work(view, 7) for method in others]
    assert len({usual.digest, *(work.digest for work in works)}) == 4
    assert works[0].params["engines"] == ["tabu"]
    assert works[1].params["weights"] == {"tabu": 0.5}
    assert works[2].params["rounds"] == {"count": 3, "effort_s": 0.1}


def test_the_candidate_holds_the_claim_and_the_story_beside_it(view: OptimisationView) -> None:
    found = drive_method(Portfolio(), view, 7, answer).candidate
    assert dict(found.values) == {
        "kind": "max_cut",
        "solution": {"bits": "01010"},
        "objective": 4,
        "bound": 4,
        "engine": "tempering",
    }
    assert found.files == {"proofs": Blob(PROOFS)}
    assert found.notes["stopped"] == "proven"
    assert found.notes["timeline"] == [{"s": 0.5, "value": 4}]


@pytest.mark.parametrize(
    ("remarks", "told"),
    [(["tabu: failed: E: x"], "tabu: failed: E: x"), ([], "its engines were tempering")],
)
def test_without_an_answer_it_says_so_in_one_line(
    view: OptimisationView, remarks: list[str], told: str
) -> None:
    with pytest.raises(TierwiseError, match=rf"^the portfolio found no feasible answer \(time\): {told}$"):
        drive_method(
            Portfolio(),
            view,
            7,
            lambda work: answer(work, solution=None, objective=None, stopped="time", remarks=remarks),
        )


def test_an_answer_without_a_bound_is_an_answer(view: OptimisationView) -> None:
    found = drive_method(Portfolio(), view, 7, lambda work: answer(work, bound=None)).candidate
    assert found.values["bound"] is None


@pytest.fixture
def solve_with_mpi(tmp_path: Path) -> Any:
    backend = MpiBackend(Settings(home=tmp_path))

    def run(work: Work) -> RawResult:
        handle = backend.submit(work, tmp_path / "job")
        assert backend.wait(handle, 240).state.final
        return backend.result(handle)

    yield run
    backend.close()


def test_two_ranks_cut_an_odd_ring(
    view: OptimisationView, solve_with_mpi: Callable[[Work], RawResult]
) -> None:
    method = Portfolio(ranks=2, engines=("tempering", "semidefinite"))
    solved = drive_method(method, view, 7, solve_with_mpi)
    found: Candidate = solved.candidate
    bits = points.decode(RING, found.values["solution"])
    assert found.values["objective"] == 4
    assert points.cost(RING, bits) == -4
    assert all(proof.bound <= -4 for proof in unpack(found.files["proofs"].data))
    assert found.notes["stopped"] in {"target", "proven"}
    assert solved.done[0].result.provenance["ranks"] == 2
