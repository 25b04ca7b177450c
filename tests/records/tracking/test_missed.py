"""A case whose process died before MLflow had heard of it: the next process makes its run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.case import CaseInfo, CaseStatus
from records.ledger.ledger import SqlLedger
from records.tracking import tracking
from records.tracking.places import TrackingPlace
from records.tracking.tracking import MlflowTracker
from tests.records.tracking.conftest import Tracking


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def place(mlflow_database: Path, tmp_path: Path) -> TrackingPlace:
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    return TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")


@pytest.fixture
def untold(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> SqlLedger:
    """A ledger with a case that ended without a word to MLflow."""
    ledger.open_case(make_info())
    ledger.close_case("c", CaseStatus.REFUSED, None)
    return ledger


def statuses(place: TrackingPlace, ledger: SqlLedger, share: float = 1.0) -> list[str]:
    """Of the case's runs, after a process has begun to track."""
    tracker = MlflowTracker(place, ledger, ledger.store, share)
    tracker.sweep()
    tracker.close()
    return [run.info.status for run in Tracking(place.uri, Path(), lambda: tracker).runs("case")]


def test_the_run_is_made_once_and_the_ledger_learns_its_id(
    place: TrackingPlace, untold: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "MISSED_S", 0.0)
    assert statuses(place, untold) == ["FINISHED"]
    assert untold.case("c").mlflow_run_id is not None
    assert statuses(place, untold) == ["FINISHED"]


def test_one_that_ended_just_now_is_left_to_the_process_that_may_still_log_it(
    place: TrackingPlace, untold: SqlLedger
) -> None:
    assert statuses(place, untold) == []


def test_one_outside_the_sample_has_none(
    place: TrackingPlace, untold: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "MISSED_S", 0.0)
    assert statuses(place, untold, share=0.0) == []
