"""Many problems in one process: each a case, none in the way of another, and nothing done twice."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from escalation.engine import drive
from escalation.engine.batch import Batch
from escalation.engine.batch_plan import BatchPlan
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import problem_sources
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.errors import BadInput
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from records.ledger.database import Database
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked

POLICY = """\
policy: small
summary: calls on this machine alone
tiers: [ai]
backends: {local_call: local}
"""
PAID = """\
policy: paid
summary: circuits that cost money
tiers: [quantum]
backends: {circuit_batch: ibm_runtime:practice_boston}
approvals:
  - id: money
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: LIMIT USD}
"""
PAID_DEVICE = "ibm_runtime:practice_boston"
Run = Callable[..., BatchReport]


def toy(number: float = 9, seed: int = 0, **budget: float) -> dict[str, Any]:
    """Whatever half of the list is looked at holds the number."""
    return {
        "family": "toy",
        "instance": {"numbers": [number] * 4},
        "target": {"metric": "number", "at_least": 9},
        "budget": budget,
        "data_class": "public",
        "seed": seed,
    }


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """One for the file: its worker processes stay warm."""
    settings = Settings(home=tmp_path_factory.mktemp("batch"), settle_s=0, poll_s=0.01)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


@pytest.fixture
def run(runtime: Runtime, tmp_path: Path) -> Run:
    """Runs a batch named after the test's folder, so that tests share no case."""
    (tmp_path / "small.yaml").write_text(POLICY)

    def start(*given: Any, told: Any = None, name: str = "", **more: Any) -> BatchReport:
        plan: dict[str, Any] = {"policy": str(tmp_path / "small.yaml"), "workers": 2} | more
        named = BatchPlan(name or tmp_path.name[:40], **plan)
        return Batch(runtime, problem_sources(given, tmp_path), named, told or (lambda row: None)).run()

    return start


def endings(report: BatchReport) -> list[str]:
    return [str(row.status) for row in report.rows]


def kinds(runtime: Runtime, case_id: str | None) -> list[str]:
    return [event["kind"] for event in runtime.ledger.events(case_id)]


def test_a_bad_problem_is_a_row_and_the_others_are_solved(run: Run, tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("family: [")
    unknown = toy() | {"family": "toys"}
    report = run(toy(), unknown, "torn.yaml", "gone.yaml", toy(8), toy(seed=1))
    assert endings(report) == ["accepted", "bad input", "bad input", "bad input", "abstained", "accepted"]
    assert [row.number for row in report.rows] == [1, 2, 3, 4, 5, 6]
    assert [row.value for row in report.rows] == [9, None, None, None, 8, 9]
    assert report.rows[2].why.startswith(f"{tmp_path / 'torn.yaml'}:2: expected YAML")
    assert (report.code, report.counts) == (2, {"bad input": 3, "abstained": 1, "accepted": 2})
    assert [row.number for row in report.for_a_person] == [2, 3, 4]


def test_a_method_that_breaks_fails_its_own_case_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = drive.solve

    def breaking(runtime: Any, case: Any, listener: Any) -> Any:
        if case.problem.seed == 1:
            raise RuntimeError("a bug\nin two lines")
        return solve(runtime, case, listener)

    monkeypatch.setattr("escalation.engine.batch_problem.solve", breaking)
    report = run(toy(), toy(seed=1), toy(seed=2))
    assert endings(report) == ["accepted", "failed", "accepted"]
    assert (report.rows[1].why, report.code) == ("RuntimeError: a bug in two lines", 1)


def test_a_new_case_is_written_a_transaction_a_step_and_not_looked_up(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened; decided; wanted, sent and settled, twice at once; attempted; decided; closed.

    Read: the ledger's name, once a process; the case and its log, for the report.
    """
    monkeypatch.setattr("escalation.model.elapsed.NOTE_S", inf)  # how far a slow case is, is noted besides
    counts: Counter[str] = Counter()
    reading, writing = Database.reading, Database.writing

    def counted(way: str, real: Any) -> Any:
        return lambda *given: counts.update([way]) or real(*given)

    monkeypatch.setattr(Database, "reading", counted("reading", reading))
    monkeypatch.setattr(Database, "writing", counted("writing", writing))
    assert endings(run(toy())) == ["accepted"]
    assert counts["writing"] == 11
    assert counts["reading"] in (2, 3)  # another test may have asked for the name


def test_the_same_problem_twice_is_one_case(run: Run, runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("")
    (tmp_path / "many.jsonl").write_text(f"# two\n\n{json.dumps(toy())}\n{json.dumps(toy())}\n{{torn\n")
    report = run("many.jsonl", workers=1)
    assert endings(report) == ["accepted", "duplicate", "bad input"]
    first, second, torn = report.rows
    assert (first.case_id, second.why) == (second.case_id, f"the same as {tmp_path / 'many.jsonl'}:3")
    assert f"{tmp_path / 'many.jsonl'}:5: expected a problem as JSON" in torn.why
    assert kinds(runtime, first.case_id).count("case.opened") == 1


def test_run_again_it_repeats_nothing_and_under_another_name_everything(run: Run, runtime: Runtime) -> None:
    first = run(toy(), toy(8))
    before = [len(kinds(runtime, row.case_id)) for row in first.rows]
    again = run(toy(), toy(8), toy(seed=5))
    assert [(row.status, row.earlier) for row in again.rows] == [
        (ProblemEnd.ACCEPTED, True), (ProblemEnd.ABSTAINED, True), (ProblemEnd.ACCEPTED, False)
    ]  # fmt: skip
    assert [len(kinds(runtime, row.case_id)) for row in first.rows] == before
    other = run(toy(), name="another")
    assert not other.rows[0].earlier
    assert other.rows[0].case_id != first.rows[0].case_id


def test_another_policy_makes_other_cases(run: Run, tmp_path: Path) -> None:
    first = run(toy())
    (tmp_path / "small.yaml").write_text(POLICY + "budget: {wall_s: 100}\n")
    again = run(toy())
    assert (again.rows[0].earlier, again.rows[0].case_id == first.rows[0].case_id) == (False, False)


@pytest.mark.parametrize("given", [(), ("empty.list",), ("folder",)])
def test_an_empty_batch_is_refused_in_one_line(run: Run, tmp_path: Path, given: tuple[str, ...]) -> None:
    (tmp_path / "empty.list").write_text("# nothing\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=r"needs a problem|expected problem files"):
        run(*given)


def test_a_policy_that_cannot_be_used_is_the_whole_batch_s_fault(run: Run) -> None:
    with pytest.raises(BadInput, match="unknown policy 'nope'"):
        run(toy(), policy="nope")


@pytest.mark.parametrize(("plan", "says"), [({"name": "a b"}, "name"), ({"workers": -1}, "workers")])
def test_a_plan_that_cannot_be_is_refused(plan: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        BatchPlan(**plan)


@pytest.mark.parametrize(
    ("asked", "problems", "gives"),
    [
        ({}, 49, 1),
        ({}, 100, 2),  # 50 problems are worth a process
        ({}, 10_000, 4),  # and there are four processors
        ({"workers": 3}, 10_000, 3),
        ({"processes": 1}, 10_000, 1),
        ({"processes": 8}, 10_000, 8),
        ({"processes": 8}, 5, 5),
    ],
)
def test_as_many_processes_as_are_worth_it(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, int], problems: int, gives: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})
    plan = BatchPlan(**asked)  # type: ignore[arg-type]
    assert plan.processes_for(problems) == gives
    assert plan.at_once(problems) >= gives


def test_what_is_stopped_in_the_middle_goes_on_where_it_was(run: Run, runtime: Runtime) -> None:
    """As Ctrl-C does: raised in the thread that waits, while a case is being solved."""
    problems = [toy(seed=seed) for seed in range(6)]
    rows: list[BatchRow] = []

    def told(row: BatchRow) -> None:
        rows.append(row)
        if len(rows) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(*problems, told=told, workers=1)
    again = run(*problems, workers=1)
    assert [(row.status, row.earlier) for row in again.rows] == [
        (ProblemEnd.ACCEPTED, number <= 3) for number in range(1, 7)
    ]
    for row in again.rows:
        assert kinds(runtime, row.case_id).count("work.settled") == 2  # two looks, never a third


@pytest.fixture
def service(runtime: Runtime) -> Iterator[ModelService]:
    made = ModelService()
    runtime._backends[PAID_DEVICE] = ModelBackend(made)
    yield made
    del runtime._backends[PAID_DEVICE]


def paid(tmp_path: Path, free_usd: float) -> str:
    path = tmp_path / "paid.yaml"
    path.write_text(PAID.replace("LIMIT", str(free_usd)))
    return str(path)


def test_a_held_case_waits_for_its_person_and_holds_up_no_other(
    run: Run, runtime: Runtime, service: ModelService, tmp_path: Path
) -> None:
    problems = [toy(seed=1, usd=20, qpu_s=20), toy(seed=2, usd=20, qpu_s=20)]
    report = run(*problems, policy=paid(tmp_path, 0), workers=1)
    assert (endings(report), report.code, service.paid) == (["held", "held"], 4, [])
    assert "a person must approve" in report.rows[0].why
    (question,) = runtime.ledger.approvals(report.rows[0].case_id)
    runtime.ledger.answer(question.approval_id, granted=True, by="me", reason="", now=runtime.clock())
    again = run(*problems, policy=paid(tmp_path, 0), workers=1)
    assert (endings(again), len(service.paid)) == (["accepted", "held"], 1)


def test_a_batch_s_money_is_never_passed_and_what_is_left_out_starts_with_more(
    run: Run, service: ModelService, tmp_path: Path
) -> None:
    """A job costs 3 QPU seconds at 1.60 USD, and may cost 6.40 USD."""
    problems = [toy(seed=seed, usd=10, qpu_s=20) for seed in range(4)]
    policy = paid(tmp_path, 100)
    some = run(*problems, policy=policy, workers=4, budget=Caps(usd=15))
    assert (some.counts, some.code) == ({"not started": 2, "accepted": 2}, 3)  # 15 - 2 × 4.80 < 10
    assert (round(some.cost.usd, 9), len(service.paid)) == (9.6, 2)
    (late, _) = (row for row in some.rows if row.status is ProblemEnd.NOT_STARTED)
    assert late.why.startswith("5.40 USD of the batch's 15 are left, and the case may use up to 10.00 USD: ")
    more = run(*problems, policy=policy, workers=4, budget=Caps(usd=20))  # 20 - 9.60 ≥ 10, once
    assert (more.counts, len(service.paid)) == ({"not started": 1, "accepted": 3}, 3)
    assert run(*problems, policy=policy, workers=4).counts == {"accepted": 4}
    assert len(service.paid) == 4


def test_nothing_begins_when_a_batch_s_time_is_up(run: Run) -> None:
    report = run(toy(), toy(seed=1), budget=Caps(wall_s=1e-9))
    assert (endings(report), report.code) == (["not started"] * 2, 3)
    assert run(toy(), toy(seed=1)).counts == {"accepted": 2}
