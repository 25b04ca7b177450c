"""A batch in several processes: the rows of one, and what becomes of a process that dies."""

import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from escalation.engine.batch import Batch, in_this_process
from escalation.engine.batch_plan import BatchPlan
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import problem_sources
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts, Caps
from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.case import CaseStatus
from escalation.model.cases_wanted import CasesWanted
from escalation.model.errors import BadInput
from records.batches import wire
from records.batches.processes import in_processes
from records.ledger import leases
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
Run = Callable[..., BatchReport]


def toy(number: float = 9, seed: int = 0, pause_s: float = 0.0) -> dict[str, Any]:
    return {
        "family": "toy",
        "instance": {"numbers": [number] * 4, "pause_s": pause_s},
        "target": {"metric": "number", "at_least": 9},
        "data_class": "public",
        "seed": seed,
    }


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(home=tmp_path / "home", tracking=0)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


@pytest.fixture
def run(runtime: Runtime, tmp_path: Path) -> Run:
    """Runs a batch in two processes."""
    (tmp_path / "small.yaml").write_text(POLICY)

    def start(*given: Any, told: Any = None, name: str = "two", **more: Any) -> BatchReport:
        solving = more.pop("solving", in_processes)
        stated: dict[str, Any] = {"policy": str(tmp_path / "small.yaml"), "processes": 2} | more
        plan = BatchPlan(name, **stated)
        sources = problem_sources(given, tmp_path)
        return Batch(runtime, sources, plan, told or (lambda row: None), solving=solving).run()

    return start


def below() -> set[psutil.Process]:
    """What this process has started, among it what lasts for all tests: a cluster, a server."""
    return set(psutil.Process().children(recursive=True))


def test_rows_are_those_of_one_process_in_the_same_order_and_nothing_is_left_running(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torn.yaml").write_text("family: [")
    given = [toy(), "torn.yaml", toy(8), toy(), toy(seed=1), {"seed": {1, 2}}]
    told: list[BatchRow] = []
    one = run(*given[:-1], name="one", solving=in_this_process)
    before = below()
    monkeypatch.setattr("escalation.engine.batch_problem.solve", None)  # this process solves none
    two = run(*given, told=told.append)

    def shown(report: BatchReport) -> list[Any]:
        return [
            (row.number, row.problem, row.status, row.tier, row.method, row.value, row.why, row.earlier)
            for row in report.rows[:5]
            if row.status is not ProblemEnd.DUPLICATE and row.problem not in ("problem 1", "problem 4")
        ]

    assert shown(two) == shown(one)
    # which of two alike is the duplicate depends on who was first
    assert sorted(str(two.rows[place].status) for place in (0, 3)) == ["accepted", "duplicate"]
    assert "expected what JSON can hold, got set" in two.rows[5].why
    assert two.counts == {"bad input": 2, "abstained": 1, "duplicate": 1, "accepted": 2}
    assert sorted(row.number for row in told) == [1, 2, 3, 4, 5, 6]
    assert below() <= before


def runs_the_one_case(runtime: Runtime) -> int:
    """The process that holds the lease of the case that runs."""
    (case,) = runtime.ledger.cases(CasesWanted(states=frozenset({CaseStatus.RUNNING})))
    ledger: Any = runtime.ledger
    with ledger._database.reading() as connection:
        lease = leases.find(connection, case.info.case_id)
    assert lease is not None
    return int(lease["pid"])


def test_one_that_is_killed_takes_its_case_alone_with_it(run: Run, runtime: Runtime) -> None:
    problems = [toy(seed=0, pause_s=600.0), *(toy(seed=seed) for seed in range(1, 6))]
    left = {2, 3, 4, 5, 6}

    def told(row: BatchRow) -> None:
        left.discard(row.number)
        if not left and row.number > 1:
            os.kill(runs_the_one_case(runtime), signal.SIGKILL)

    before = below()
    report = run(*problems, told=told)
    assert [str(row.status) for row in report.rows] == ["interrupted", *["accepted"] * 5]
    assert report.rows[0].why == "the process that solved it is gone: it ended by signal 9 (SIGKILL)"
    (case,) = runtime.ledger.cases(CasesWanted(states=frozenset({CaseStatus.INTERRUPTED})))
    assert case.info.case_id == report.rows[0].case_id
    assert below() <= before


def test_where_none_can_begin_the_batch_says_so_and_goes_no_further(
    run: Run, runtime: Runtime, tmp_path: Path
) -> None:
    runtime.settings = Settings(home=tmp_path / "home", ledger_url="sqlite:////proc/none/ledger.db")
    report = run(*(toy(seed=seed) for seed in range(6)))
    why = {row.why for row in report.rows if row.status is ProblemEnd.NOT_STARTED}
    assert len(why) == 1
    assert "3 processes died one after the other, the last: cannot open the ledger" in why.pop()
    assert set(report.counts) <= {"interrupted", "not started"}
    assert 2 <= report.counts["interrupted"] <= 4


def test_a_batch_s_budget_is_one_for_all_its_processes(run: Run) -> None:
    report = run(toy(), toy(seed=1), budget=Caps(wall_s=1e-9))
    assert report.counts == {"not started": 2}
    assert report.rows[0].why.startswith("the batch's budget is used up")
    assert run(toy(), toy(seed=1), budget=Caps(wall_s=1e6)).counts == {"accepted": 2}


class Shared:
    """A `Common` that says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def policy(self, name: str) -> Any:
        raise BadInput(f"unknown policy {name!r}")

    def met_before(self, case_id: str, number: int) -> str | None:
        self.asked.append((case_id, number))
        return "a.yaml" if number > 1 else None

    def take(self, case_id: str, budget: Caps, *, may_spend: bool) -> Caps | str:
        self.asked.append((case_id, budget, may_spend))
        return budget if may_spend else "nothing is left"

    def give_back(self, case_id: str, used: Amounts, charged: Amounts | None) -> None:
        self.asked.append((case_id, used, charged))


def test_what_is_asked_of_the_batch_s_process_comes_back_as_it_was_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = Pipe()
    shared, asked, messages = Shared(), wire.CommonFromAfar(theirs), 7
    stores = [lambda _: None, lambda block: SecretStr(f"of {block}") if block == "tierwise-x" else None]
    monkeypatch.setattr(wire, "SECRET_STORES", stores)

    def answering() -> None:
        for _ in range(messages):
            wire.send(ours, wire.answer(shared, wire.receive(ours)))

    thread = Thread(target=answering, daemon=True)
    thread.start()
    with pytest.raises(BadInput, match="unknown policy 'nope'"):
        asked.policy("nope")
    assert (asked.met_before("c", 1), asked.met_before("c", 2)) == (None, "a.yaml")
    caps, used = Caps(usd=1.5, wall_s=None), Amounts(cpu_s=0.1)
    assert asked.take("c", caps, may_spend=True) == caps
    assert asked.take("c", caps, may_spend=False) == "nothing is left"
    asked.give_back("c", used, None)
    found = asked.secret("tierwise-x")
    assert found is not None
    assert found.get_secret_value() == "of tierwise-x"
    thread.join(10.0)
    assert shared.asked == [("c", 1), ("c", 2), ("c", caps, True), ("c", caps, False), ("c", used, None)]
    ours.close()
    theirs.close()


def test_plans_and_problems_come_through_as_they_were(tmp_path: Path) -> None:
    ours, theirs = Pipe()
    plan = BatchPlan("n", "p.yaml", 4, Caps(usd=2.0), "prefect", 2)
    wire.send(ours, wire.plan_message(plan))
    assert wire.plan_of(wire.receive(theirs)) == plan
    for source in problem_sources([toy(), "x.yaml"], tmp_path):
        wire.send(ours, wire.source_message(3, source))
        assert wire.source_of(wire.receive(theirs)) == (3, source)
    ours.close()
    theirs.close()
