"""A case whose tracking does not answer ends when it ends; its run's id is there when MLflow has told it."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.runtime import open_records, open_runtime
from records.tracking import client, tracking

AI_ALONE = """\
policy: little
summary: AI alone.
tiers: [ai]
backends: {local_call: local}
"""
PROBLEM = Problem(
    family="toy", instance={"numbers": [3, 1, 4], "reach": 3}, target=Target(metric="number", at_least=3)
)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """MLflow says nothing before this is set; set at the end, so that no thread is left behind."""
    answers = Event()

    def silent(*given: Any) -> Any:
        answers.wait(300)
        return client.open_client(*given)

    monkeypatch.setattr(tracking, "open_client", silent)
    yield answers
    answers.set()


@pytest.mark.timeout(50, func_only=True)  # less than what a case once waited for MLflow
def test_a_case_ends_without_waiting_and_the_id_is_there_when_it_is_known(
    tmp_path: Path, answers: Event
) -> None:
    home = Settings(home=tmp_path)
    with open_runtime(home) as runtime:
        outcome = solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c"))
        record = runtime.ledger.case("c")
        answers.set()
    assert (record.status, outcome.status) == (CaseStatus.ACCEPTED, CaseStatus.ACCEPTED)
    assert outcome.mlflow_run_id is None
    with open_records(home) as (ledger, _):
        assert ledger.case("c").mlflow_run_id


@pytest.mark.timeout(50, func_only=True)
def test_who_does_not_wait_for_the_view_goes_on_and_the_view_is_written_behind(
    tmp_path: Path, answers: Event
) -> None:
    home = Settings(home=tmp_path)
    with open_runtime(home, wait_for_view=False) as runtime:
        solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c"))
    with open_records(home) as (ledger, _):
        assert ledger.case("c").mlflow_run_id is None
        answers.set()
        assert runtime.tracker._worker.drain(40)  # type: ignore[attr-defined]
        assert ledger.case("c").mlflow_run_id


@pytest.mark.timeout(50, func_only=True)
def test_a_tracking_that_never_answers_is_given_up_with_a_line(
    tmp_path: Path, answers: Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracking, "PATIENCE_S", 0.2)
    caplog.set_level(logging.WARNING, logger="records.tracking.tracking")
    with open_runtime(Settings(home=tmp_path)) as runtime:
        outcome = solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c"))
    assert outcome.status is CaseStatus.ACCEPTED
    assert [record.getMessage() for record in caplog.records] == [
        "MLflow could not be told of everything: no answer in 0 s; ledger and store hold the whole record"
    ]


PROGRAM = """
import sys
from pathlib import Path
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import Settings
from records.runtime import open_runtime
with open_runtime(Settings(home=Path(sys.argv[1])), wait_for_view=False) as runtime:
    problem = Problem.model_validate_json(sys.argv[2])
    solve(runtime, prepare(problem, parse_policy(sys.argv[3]), case_id="c"))
"""


def test_a_process_ends_after_the_view_of_its_cases_is_written(tmp_path: Path) -> None:
    given = [str(tmp_path), PROBLEM.model_dump_json(), AI_ALONE]
    subprocess.run([sys.executable, "-c", PROGRAM, *given], check=True, timeout=250)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        runs = database.execute("select name, status from runs order by start_time").fetchall()
    assert sorted(runs) == [("0 ai two_looks", "FINISHED"), ("c", "FINISHED")]
