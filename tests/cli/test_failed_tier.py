"""A tier that failed gave no answer, which is not to fall short: wherever a case is shown, it says so."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.show import show_outcome
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseStatus, Outcome
from escalation.model.job_state import JobState
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.policy.policy import parse_policy
from escalation.ports.machines import Progress
from flows.ending import one_line
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.certificates import certificate_page
from records.views.decisions import decision_table
from records.views.report import render
from tests.escalation.untracked import Untracked

POLICY = """\
policy: two
summary: two tiers
tiers: [hpc, ai]
backends: {local_call: local, mpi_program: mpi}
"""
FAILED = "hpc/scan FAILED: the work ended failed: ValueError: 900 neighbours of 24 rows"


class Failing:
    """In place of MPI: the program raises."""

    name, kind = "mpi", DeviceKind.CLASSICAL

    def submit(self, work: Any, folder: Path) -> dict[str, Any]:
        return {}

    def wait(self, handle: Any, timeout_s: float) -> Any:
        return Progress(JobState.FAILED)

    def result(self, handle: Any) -> RawResult:
        return RawResult(
            JobState.FAILED,
            error="ValueError: 900 neighbours of 24 rows",
            usage=Amounts(wall_s=1.0, cpu_s=1.0),
        )

    def estimate(self, work: Any) -> Any:
        return Quote()

    def close(self) -> None: ...


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    made._backends["mpi"] = Failing()  # type: ignore[assignment]
    yield made
    made.close()


def case_of(at_least: float) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=at_least),
        seed=1,
    )
    return prepare(problem, parse_policy(POLICY), case_id="c")


def terminal_of(case: Case, outcome: Outcome) -> str:
    console = Console(width=200, file=io.StringIO())
    with console.capture() as said:
        show_outcome(console, case.info, outcome)
    return said.get()


@pytest.mark.parametrize(("at_least", "status"), [(9, CaseStatus.ACCEPTED), (100, CaseStatus.ABSTAINED)])
def test_a_tier_that_failed_is_said_everywhere(runtime: Runtime, at_least: float, status: CaseStatus) -> None:
    case = case_of(at_least)
    outcome = solve(runtime, case)
    assert outcome.status is status
    assert outcome.failures == (FAILED,)
    assert outcome.to_json()["failures"] == [FAILED]
    said = (
        f"{FAILED}. It gave no answer, which is not to fall short; ai is the next tier whose conditions are"
    )
    said += " met"
    assert outcome.decisions[1].because == said
    if status is CaseStatus.ABSTAINED:
        assert outcome.decisions[-1].because.endswith(f"; {FAILED}")
    assert one_line(outcome).count(FAILED) == 1
    assert FAILED in terminal_of(case, outcome)
    assert FAILED in certificate_page(outcome).replace("\\", "")
    assert FAILED in decision_table(outcome.decisions).replace("\\", "")
    assert outcome.record is not None
    assert f'<p class="failed">{FAILED}.' in Path(outcome.record).read_text()
    assert Outcome.model_validate(runtime.ledger.case("c").outcome).failures == (FAILED,)


def test_tries_that_the_machine_ended_are_said_and_their_cost_is_in_the_outcome(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = RawResult(
        JobState.FAULT, error="a rank died: Killed (signal 9)", usage=Amounts(wall_s=5.0, cpu_s=7.0)
    )
    good = RawResult(JobState.DONE, {"position": 5, "number": 9.0}, usage=Amounts(wall_s=1.0, cpu_s=2.0))
    answers = [fault, good]
    monkeypatch.setattr(Failing, "result", lambda *_: answers.pop(0))
    case = case_of(9)
    outcome = solve(runtime, case)
    said = "hpc/scan: the machine ended 1 try, last: a rank died: Killed (signal 9)"
    assert (outcome.status, outcome.faults, outcome.failures) == (CaseStatus.ACCEPTED, (said,), ())
    (attempt,) = outcome.attempts
    assert (attempt.cost.wall_s, attempt.cost.cpu_s) == (6.0, 9.0)
    assert outcome.cost.cpu_s == 9.0
    assert said in terminal_of(case, outcome)
    assert said in certificate_page(outcome).replace("\\", "")
    assert outcome.record is not None
    assert said in Path(outcome.record).read_text()
