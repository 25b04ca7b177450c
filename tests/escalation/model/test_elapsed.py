"""What a user waits for is counted from preparing to the records, cuts on the wall budget, and is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.deciding import decide as real_decide
from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model import elapsed as module
from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseStatus
from escalation.model.elapsed import Elapsed, Stopwatch
from escalation.model.errors import Interrupted
from escalation.model.job_state import JobState
from escalation.model.problem import Problem, Target
from escalation.model.result import RawResult
from escalation.policy.policy import parse_policy
from problems.toy.family import Toy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render

POLICY = """\
policy: little
summary: for tests
tiers: [hpc]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


class Untracked:
    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_: None


class Clock:
    """Seconds since boot that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "boottime_s", clock)
    monkeypatch.setattr("escalation.engine.opening.boottime_s", clock)
    return clock


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    tracker: Any = Untracked()
    runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, tracker, render)
    yield runtime
    runtime.close()


def prepared(wall_s: float | None = None, case_id: str = "c") -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4], "reach": 1},
        target=Target(metric="number", at_least=99),
        budget=Caps(wall_s=wall_s),
    )
    return prepare(problem, parse_policy(POLICY), case_id)


def taking(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, *, load: float = 0, decide: float = 0, work: float = 0,
    report: float = 0,
) -> None:  # fmt: skip
    """Has loading, deciding, work and the report take so many seconds each; the work finds the 3."""

    def slow(real: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            clock.now_s += seconds
            return real(*given)

        return call

    def found(*_: Any) -> RawResult:
        return RawResult(JobState.DONE, {"position": 0, "number": 3.0}, usage=Amounts(wall_s=0.5))

    monkeypatch.setattr(Toy, "load", slow(Toy.load, load))
    monkeypatch.setattr(Toy, "report", slow(Toy.report, report))
    monkeypatch.setattr("escalation.engine.drive.decide", slow(real_decide, decide))
    monkeypatch.setattr("escalation.engine.drive.perform", slow(found, work))


def test_preparing_facts_work_and_report_all_count(
    runtime: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking(clock, monkeypatch, load=5.0, decide=2.0, work=10.0, report=3.0)
    outcome = solve(runtime, prepared())
    assert (len(outcome.decisions), len(outcome.attempts)) == (2, 1)  # to scan, and to end it
    assert outcome.elapsed == Elapsed(wall_s=5 + 2 * 2 + 10 + 3, attempts_s=10.0, facts_s=4.0)
    assert outcome.cost.wall_s == 22.0
    assert outcome.elapsed.shares() == "attempts 10.0 s, facts 4.0 s, the rest 8.0 s"
    assert "The case took 22.0 s" in Path(str(outcome.record)).read_text()
    recorded = runtime.ledger.case("c").outcome
    assert recorded is not None
    assert recorded["elapsed"] == outcome.elapsed.to_json()


def test_the_wall_budget_is_what_the_user_waits_not_what_work_takes(
    runtime: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking(clock, monkeypatch, load=50.0, decide=20.0)
    outcome = solve(runtime, prepared(wall_s=60))
    # The first decision is made at 50 + 20 s: nothing is left to try anything in.
    assert outcome.status is not CaseStatus.ACCEPTED
    assert outcome.attempts == ()
    assert "70.0 of the 60 elapsed seconds" in outcome.decisions[-1].because


def test_earlier_stretches_count_and_what_they_decided_is_not_decided_again(
    runtime: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking(clock, monkeypatch, decide=10.0)

    class Stop(Silent):
        def decided(self, decision: Any) -> None:
            raise Interrupted("stopped after the first decision")

    with pytest.raises(Interrupted):
        solve(runtime, prepared(wall_s=25), Stop())
    first = runtime.ledger.decisions("c")
    assert runtime.ledger.elapsed("c").wall_s == 10.0
    clock.now_s += 10_000  # nobody runs the case
    outcome = solve(runtime, prepared(wall_s=25))
    # Decided at 10 s, looked up again at 20 s; the next is decided at 30 s, which ends it.
    assert outcome.decisions[0] == first[0]
    assert len(outcome.attempts) == 1
    assert "30.0 of the 25 elapsed seconds" in outcome.decisions[-1].because
    assert outcome.elapsed.wall_s == 30.0


def test_a_running_part_counts_before_it_ends(clock: Clock) -> None:
    watch = Stopwatch(clock() - 3.0, Elapsed(wall_s=7.0, facts_s=1.0))
    with watch.part("attempts_s"):
        clock.now_s += 4.0
        assert watch.read() == Elapsed(wall_s=14.0, attempts_s=4.0, facts_s=1.0)
