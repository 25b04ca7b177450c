"""A tracker on a real MLflow in SQLite, and what a driver does to it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.amounts import Amounts
from escalation.model.attempt import AttemptStatus, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.result import RawResult
from records.ledger.ledger import SqlLedger
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace
from records.tracking.tracking import MlflowTracker
from toolbox.arrays import npy

KEY = WorkKey("c", 0, 0)
PUB = Pub("OPENQASM 3.0;", Blob(npy.dump(np.zeros((1, 1)))), ("x",), 100)
WORK = CircuitBatch((PUB,), {"twirling": True}, seed=3)
RESULT = RawResult(
    JobState.DONE,
    {"pubs": [{"sets": 1, "shots": 100, "bits": 1}]},
    {"bits-0.npy": Blob(b"bits")},
    usage=Amounts(wall_s=2.0),
    provenance={"device": "snapshot"},
    evidence={"isa-0.qpy": Blob(b"qpy"), "calibration.json": Blob(b"{}")},
)
CANDIDATE = Candidate(
    {"model_format": "skops"},
    {"model": Blob(b"model bytes"), "sealed_scores": Blob(b"scores")},
    {"rbf": Candidate({"model_format": "skops"}, {"model": Blob(b"null model")})},
    {"history": [1, 2]},
)
COLUMNS = [{"name": "age", "kind": "number"}, {"name": "sex", "kind": "category"}]


@dataclass
class Tracking:
    """A tracker on a database of its own, and a client to look at it with."""

    uri: str
    root: Path
    make: Callable[[], MlflowTracker]

    @property
    def client(self) -> Any:
        return open_client(TrackingPlace(self.uri, self.root))

    def runs(self, kind: str) -> list[Any]:
        client = self.client
        found = [client.get_experiment_by_name("tierwise/toy")]
        ids = [experiment.experiment_id for experiment in found if experiment is not None]
        where = f"tags.`tierwise.kind` = '{kind}'"
        # Attempts may begin within one millisecond: their number decides then.
        order = ["attributes.start_time", "tags.`tierwise.attempt`"]
        return list(client.search_runs(ids, where, order_by=order)) if ids else []

    def artifacts(self, run: Any) -> dict[str, bytes]:
        folder = Path(run.info.artifact_uri.removeprefix("file://"))
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def tracking(mlflow_database: Path, tmp_path: Path, ledger: SqlLedger) -> Iterator[Tracking]:
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    uri, root = f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts"
    made: list[MlflowTracker] = []

    def make() -> MlflowTracker:
        made.append(MlflowTracker(TrackingPlace(uri, root), ledger, ledger.store))
        return made[-1]

    yield Tracking(uri, root, make)
    for tracker in made:
        tracker.close()


@pytest.fixture
def run_case(
    ledger: SqlLedger, make_info: Callable[..., CaseInfo], make_decision: Any, make_attempt: Any
) -> Callable[..., Outcome]:
    """Does to ledger and tracker what a driver does."""

    def run(tracker: MlflowTracker, status: CaseStatus = CaseStatus.ACCEPTED) -> Outcome:
        tracker.case_opened(ledger.open_case(make_info(instance={"features": COLUMNS})))
        ledger.add_decision("c", make_decision(0))
        tracker.decided("c", make_decision(0))
        ledger.intend(KEY, WORK, "aer")
        ledger.settle(KEY, RESULT)
        attempts = make_attempt(0), make_attempt(1, AttemptStatus.FAILED, error="no such luck")
        ledger.add_attempt("c", attempts[0], CANDIDATE)
        tracker.attempt_finished("c", attempts[0], CANDIDATE, [Done(WORK, RESULT)])
        ledger.add_attempt("c", attempts[1], None)
        tracker.attempt_finished("c", attempts[1], None, [])
        outcome = Outcome(
            case_id="c",
            status=status,
            value=0.5,
            attempts=attempts,
            decisions=(make_decision(0),),
            device_kind="classical",
        )
        ledger.close_case("c", status, outcome)
        tracker.case_closed("c", status, outcome, b"<html>report</html>")
        return outcome

    return run
