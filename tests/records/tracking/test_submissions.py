"""What MLflow shows of paid work: estimate, bill and their ratio, also when the bill comes late."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.model.case import CaseInfo, CaseStatus
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace
from records.tracking.tracking import MlflowTracker

S = SubmissionState


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The view does not depend on the kind of the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def trackers(
    mlflow_database: Path, tmp_path: Path, ledger: SqlLedger
) -> Iterator[Callable[[], MlflowTracker]]:
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    made: list[MlflowTracker] = []

    def make() -> MlflowTracker:
        uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
        made.append(MlflowTracker(TrackingPlace(uri, tmp_path / "artifacts"), ledger, ledger.store))
        return made[-1]

    yield make
    for tracker in made:
        tracker.close()


@pytest.fixture
def attempt_run(tmp_path: Path) -> Callable[[], Any]:
    def find() -> Any:
        client = open_client(TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts"))
        experiment = client.get_experiment_by_name("tierwise/toy")
        (run,) = client.search_runs([experiment.experiment_id], "tags.`tierwise.kind` = 'attempt'")
        return run

    return find


@pytest.fixture
def settled(
    ledger: SqlLedger, make_info: Callable[..., CaseInfo], reach: Callable[..., Submission], make_attempt: Any
) -> Callable[..., Submission]:
    """A case whose one attempt comes to its end, before the bill is final unless told otherwise."""

    def run(
        tracker: MlflowTracker, before_the_end: Callable[[Submission], Any] = lambda row: None
    ) -> Submission:
        tracker.case_opened(ledger.open_case(make_info()))
        row = reach(ledger, S.SETTLED)
        kept = {"decision": "d" * 64, "submission": "e" * 64, "run": "f" * 64}
        said = {"circuits": 2, "shots": 200}
        row = ledger.amend(
            row, job_id="job-1", batches=("batch-1", "batch-2"), calibrations=kept, frozen=said
        )
        before_the_end(row)
        ledger.add_attempt("c", make_attempt(0), None)
        tracker.attempt_finished("c", make_attempt(0), None, [])
        return row

    return run


ESTIMATED = {"submission.0.estimated.qpu_s": 1.5, "submission.0.estimated.usd": 2.4}
CHARGED = {
    "submission.0.charged.qpu_s": 1.2,
    "submission.0.charged.usd": 1.92,
    "submission.0.charged_over_estimated.qpu_s": pytest.approx(0.8),
    "submission.0.charged_over_estimated.usd": pytest.approx(0.8),
}


def _paid(run: Any) -> dict[str, float]:
    return {name: value for name, value in run.data.metrics.items() if name.startswith("submission.")}


def test_an_attempts_run_names_job_batches_tag_and_the_three_calibrations(
    trackers: Callable[[], MlflowTracker], settled: Any, attempt_run: Callable[[], Any]
) -> None:
    tracker = trackers()
    row = settled(tracker)
    assert tracker.drain(60)
    run = attempt_run()
    shown = {name: value for name, value in run.data.params.items() if name.startswith("submission.")}
    assert shown == {
        "submission.0.backend": "model",
        "submission.0.tag": row.tag,
        "submission.0.job_id": "job-1",
        "submission.0.payload": row.payload,
        "submission.0.circuits": "2",
        "submission.0.shots": "200",
        "submission.0.round": "0",
        "submission.0.sends": "0",
        "submission.0.fences": "batch-1 batch-2",
        "submission.0.calibration.decision": "d" * 64,
        "submission.0.calibration.submission": "e" * 64,
        "submission.0.calibration.run": "f" * 64,
    }
    assert _paid(run) == ESTIMATED
    assert run.data.tags["tierwise.bill"] == "open"


@pytest.mark.parametrize("closed", [False, True], ids=["while the case runs", "after the case is over"])
def test_a_late_bill_is_added_by_the_next_sweep_of_any_tracker(
    trackers: Callable[[], MlflowTracker],
    settled: Any,
    ledger: SqlLedger,
    attempt_run: Callable[[], Any],
    closed: bool,
) -> None:
    tracker = trackers()
    row = settled(tracker)
    if closed:
        ledger.close_case("c", CaseStatus.ACCEPTED, None)
        tracker.case_closed("c", CaseStatus.ACCEPTED, None, None)
    assert tracker.drain(60)
    ledger.bill(row, 1.2, 1.92, 9000.0)
    another = trackers()
    another.sweep()
    assert another.drain(60)
    run = attempt_run()
    assert _paid(run) == ESTIMATED | CHARGED
    assert run.data.tags["tierwise.bill"] == "final"
    assert run.info.status == "FINISHED"
    another.sweep()
    assert another.drain(60)
    assert _paid(attempt_run()) == ESTIMATED | CHARGED


def test_a_bill_that_is_there_at_once_is_shown_at_once(
    trackers: Callable[[], MlflowTracker], ledger: SqlLedger, settled: Any, attempt_run: Callable[[], Any]
) -> None:
    tracker = trackers()
    settled(tracker, before_the_end=lambda row: ledger.bill(row, 0.0, 0.0, 9000.0))
    assert tracker.drain(60)
    run = attempt_run()
    assert _paid(run) == ESTIMATED | dict.fromkeys(CHARGED, 0.0)
    assert run.data.tags["tierwise.bill"] == "final"
