"""Cases that ended otherwise, were stopped, or that MLflow was not told of in time."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.model.attempt import Done
from escalation.model.case import CaseStatus, Outcome
from records.ledger.ledger import SqlLedger
from records.tracking.places import TrackingPlace
from records.tracking.tracking import MlflowTracker
from tests.records.tracking.conftest import CANDIDATE, RESULT, WORK, Tracking


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The view does not depend on the kind of the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (CaseStatus.ABSTAINED, "FINISHED"),
        (CaseStatus.HELD, "FINISHED"),
        (CaseStatus.WAITING, "SCHEDULED"),
        (CaseStatus.FAILED, "FAILED"),
        (CaseStatus.INTERRUPTED, "KILLED"),
    ],
)
def test_a_case_that_ends_otherwise_shows_it(
    tracking: Tracking, ledger: SqlLedger, make_info: Any, status: CaseStatus, shown: str
) -> None:
    tracker = tracking.make()
    tracker.case_opened(ledger.open_case(make_info()))
    ledger.close_case("c", status, None)
    tracker.case_closed("c", status, None, None)
    assert tracker.drain(60)
    assert [run.info.status for run in tracking.runs("case")] == [shown]


def test_closing_the_tracker_in_the_middle_of_a_case_ends_its_run_as_killed(
    tracking: Tracking, ledger: SqlLedger, make_info: Any
) -> None:
    tracker = tracking.make()
    tracker.case_opened(ledger.open_case(make_info()))
    tracker.close()
    tracker.close()
    assert [run.info.status for run in tracking.runs("case")] == ["KILLED"]


def test_a_case_that_is_taken_up_again_goes_on_in_the_same_run(
    tracking: Tracking, ledger: SqlLedger, make_info: Any, run_case: Callable[..., Outcome]
) -> None:
    first = tracking.make()
    first.case_opened(ledger.open_case(make_info()))
    ledger.close_case("c", CaseStatus.INTERRUPTED, None)
    first.case_closed("c", CaseStatus.INTERRUPTED, None, None)
    first.close()
    (before,) = tracking.runs("case")
    again = tracking.make()
    run_case(again)
    assert again.drain(60)
    (after,) = tracking.runs("case")
    assert (before.info.run_id, before.info.status) == (after.info.run_id, "KILLED")
    assert after.info.status == "FINISHED"


def test_the_next_tracker_ends_the_run_of_a_killed_process(
    tracking: Tracking, ledger: SqlLedger, sql: Callable[..., None], make_info: Any
) -> None:
    tracker = tracking.make()
    tracker.case_opened(ledger.open_case(make_info()))
    assert tracker.drain(60)
    (run,) = tracking.runs("case")
    another = tracking.make()
    another.sweep()
    assert another.drain(60)
    assert tracking.runs("case")[0].info.status == "RUNNING"  # its process, this one, is alive
    writer = json.loads(run.data.tags["tierwise.writer"])
    gone = json.dumps(writer | {"started": writer["started"] - 6000})
    tracking.client.set_tag(run.info.run_id, "tierwise.writer", gone)
    sql("UPDATE leases SET started = started - 6000")
    another.sweep()
    assert another.drain(60)
    assert tracking.runs("case")[0].info.status == "KILLED"


def test_the_view_is_rebuilt_from_ledger_and_store(
    tracking: Tracking, mlflow_database: Path, run_case: Callable[..., Outcome]
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    tracker.close()
    before = {kind: [_shown(tracking, run) for run in tracking.runs(kind)] for kind in ("case", "attempt")}
    shutil.copy(mlflow_database, tracking.uri.removeprefix("sqlite:///"))
    shutil.rmtree(tracking.root)
    assert tracking.runs("case") == []
    again = tracking.make()
    again.rebuild(lambda _: True)
    assert again.drain(60)
    after = {kind: [_shown(tracking, run) for run in tracking.runs(kind)] for kind in ("case", "attempt")}
    assert len(before["attempt"]) == 2
    assert after == before
    again.rebuild(lambda _: True)
    assert again.drain(60)
    assert [len(tracking.runs(kind)) for kind in ("case", "attempt")] == [1, 2]


def _shown(tracking: Tracking, run: Any) -> Any:
    """What a reader sees, but for the ids that MLflow makes up and the report, which is a file of its own."""
    made_up = ("mlflow.parentRunId", "tierwise.model")
    tags = {name: value for name, value in run.data.tags.items() if name not in made_up}
    files = {
        name: json.loads(data) if name.endswith(".json") else data  # the ledger keeps keys in their order
        for name, data in tracking.artifacts(run).items()
        if name != "report.html"
    }
    tags.pop("mlflow.loggedArtifacts", None)
    return run.info.status, tags, run.data.params, run.data.metrics, files


def test_a_view_that_lags_holds_nothing_and_makes_the_run_at_the_end_of_its_case(
    tracking: Tracking,
    ledger: SqlLedger,
    run_case: Callable[..., Outcome],
    make_decision: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    straight = tracking.make()
    outcome = run_case(straight)
    straight.close()
    at_once = {kind: [_shown(tracking, run) for run in tracking.runs(kind)] for kind in ("case", "attempt")}
    for run in (*tracking.runs("case"), *tracking.runs("attempt")):
        tracking.client.delete_run(run.info.run_id)
    monkeypatch.setattr("records.tracking.tracking.MOST_LEFT", -1)
    lagging = tracking.make()
    lagging.case_opened(ledger.case("c"))
    lagging.decided("c", make_decision(0))
    lagging.attempt_finished("c", outcome.attempts[0], CANDIDATE, [Done(WORK, RESULT)])
    assert lagging._worker.left == 0
    lagging.case_closed("c", outcome.status, outcome, None)
    assert lagging.drain(60)
    made = {kind: [_shown(tracking, run) for run in tracking.runs(kind)] for kind in ("case", "attempt")}
    assert made == at_once


@pytest.mark.parametrize("uri", ["sqlite:////proc/nowhere/mlflow.db", "nonsense://x"])
def test_when_tracking_fails_the_case_goes_on_and_one_line_says_so(
    tmp_path: Path,
    ledger: SqlLedger,
    run_case: Callable[..., Outcome],
    caplog: pytest.LogCaptureFixture,
    uri: str,
) -> None:
    tracker = MlflowTracker(TrackingPlace(uri, tmp_path / "artifacts"), ledger, ledger.store)
    with caplog.at_level(logging.WARNING, logger="records.tracking.tracking"):
        run_case(tracker)
        tracker.close()
    warnings = [r.getMessage() for r in caplog.records if r.name == "records.tracking.tracking"]
    assert len(warnings) == 1
    assert warnings[0].startswith("MLflow could not be told of anything: ")
    assert "\n" not in warnings[0]
    assert ledger.case("c").status is CaseStatus.ACCEPTED
    assert ledger.case("c").mlflow_run_id is None


def test_artefacts_that_cannot_be_written_fail_nothing_either(
    tracking: Tracking,
    ledger: SqlLedger,
    run_case: Callable[..., Outcome],
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracking.root.mkdir()
    (tracking.root / "toy").write_text("a file where the folder should be")
    tracker = tracking.make()
    with caplog.at_level(logging.WARNING, logger="records.tracking.tracking"):
        run_case(tracker)
        tracker.close()
    assert len([r for r in caplog.records if r.name == "records.tracking.tracking"]) == 1
    assert "RUNNING" not in [run.info.status for kind in ("case", "attempt") for run in tracking.runs(kind)]
    assert ledger.case("c").status is CaseStatus.ACCEPTED


def test_a_tracker_that_was_never_used_imports_nothing(spawn: Callable[..., Any]) -> None:
    program = (
        "import sys; from pathlib import Path; from records.tracking.tracking import MlflowTracker\n"
        "from records.tracking.places import TrackingPlace\n"
        "MlflowTracker(TrackingPlace('sqlite:///nowhere.db', Path('nowhere')), None, None).close()\n"
        "print([name for name in ('mlflow', 'pandas', 'prefect', 'qiskit') if name in sys.modules])"
    )
    output, errors = spawn(program).communicate()
    assert output == "[]\n", errors
