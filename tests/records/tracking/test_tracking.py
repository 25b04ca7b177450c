"""Tracking in a real MLflow on SQLite: what it shows, also of stopped cases, and what its failure does."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from escalation.model.amounts import Amounts
from escalation.model.attempt import AttemptStatus, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.result import RawResult
from records.ledger.ledger import SqlLedger
from records.ledger.signed_heads import HeadSigner, said_by
from records.signing.keys import SigningKey
from records.store.files import FileStore
from records.tracking.client import open_client
from records.tracking.models import signature
from records.tracking.places import TrackingPlace
from records.tracking.queue import TrackingWorker
from records.tracking.tracking import MlflowTracker
from records.tracking.writing import flat, safe
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


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The view does not depend on the kind of the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


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


def test_a_case_is_a_parent_run_with_everything_needed_to_replay_it(
    tracking: Tracking, ledger: SqlLedger, run_case: Callable[..., Outcome], make_info: Any
) -> None:
    tracker = tracking.make()
    outcome = run_case(tracker)
    assert tracker.drain(60)
    (run,) = tracking.runs("case")
    info = make_info()
    assert ledger.case("c").mlflow_run_id == run.info.run_id
    assert (run.info.status, run.info.run_name) == ("FINISHED", "c")
    wanted = {
        "tierwise.case_id": "c",
        "tierwise.about": "t.csv: ill, 3 rows, 2 features",
        "tierwise.problem_digest": info.problem_digest,
        "tierwise.policy": "default",
        "tierwise.policy_digest": info.policy_digest,
        "tierwise.code_commit": "c0ffee",
        "tierwise.lock_hash": "10cc",
        "tierwise.data_class": "identifiable",
        "tierwise.engine": "plain",
        "tierwise.device_kind": "classical",
        "tierwise.status": "accepted",
    }
    assert wanted.items() <= run.data.tags.items()
    assert run.data.tags["mlflow.note.content"].startswith(
        "t.csv: ill, 3 rows, 2 features\n\nAsked: m at least 1\n"
    )
    assert {"family": "toy", "seed": "0", "target.metric": "m", "instance.name": "n"}.items() <= (
        run.data.params.items()
    )
    assert run.data.metrics["certificate.value"] == 0.5
    files = tracking.artifacts(run)
    assert files["policy.yaml"] == b"name: default\n"
    assert files["report.html"] == b"<html>report</html>"
    assert Outcome.model_validate(json.loads(files["outcome.json"])) == outcome
    assert json.loads(files["problem.json"]) == info.problem.to_json()
    assert json.loads(files["decisions/00-attempt.json"])["because"] == "it is next"
    table = json.loads(files["decisions_table.json"])
    assert [dict(zip(table["columns"], row, strict=True))["rule"] for row in table["data"]] == ["order"]


def test_the_data_set_is_logged_with_its_whole_digest(
    tracking: Tracking, run_case: Callable[..., Outcome], make_info: Any
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    assert tracker.drain(60)
    (logged,) = tracking.runs("case")[0].inputs.dataset_inputs
    digest = make_info().instance_digest
    assert {tag.key: tag.value for tag in logged.tags}["sha256"] == digest
    assert json.loads(logged.dataset.source)["sha256"] == digest
    assert logged.dataset.name == "n"


def test_attempts_are_child_runs_that_end_as_the_attempts_did(
    tracking: Tracking, run_case: Callable[..., Outcome]
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    assert tracker.drain(60)
    (parent,) = tracking.runs("case")
    runs = {run.data.tags["tierwise.attempt"]: run for run in tracking.runs("attempt")}
    assert {number: run.info.status for number, run in runs.items()} == {"0": "FINISHED", "1": "FAILED"}
    assert all(run.data.tags["mlflow.parentRunId"] == parent.info.run_id for run in runs.values())
    good = runs["0"]
    assert {"method": "m", "backend": "local", "seed": "7", "quote.wall_s": "9.0"}.items() <= (
        good.data.params.items()
    )
    metrics = {"certificate.value": 0.5, "certificate.tolerance": 0.025, "control.rbf.p_value": 0.75}
    assert metrics.items() <= good.data.metrics.items()
    assert runs["1"].data.tags["tierwise.error"] == "no such luck"


def test_an_attempts_run_holds_what_ran_and_what_came_back(
    tracking: Tracking, run_case: Callable[..., Outcome]
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    assert tracker.drain(60)
    files = tracking.artifacts(tracking.runs("attempt")[0])
    wanted = {
        "work/0/circuits/0.qasm": b"OPENQASM 3.0;",
        "work/0/files/bits-0.npy": b"bits",
        "work/0/evidence/isa-0.qpy": b"qpy",
        "work/0/evidence/calibration.json": b"{}",
        "candidate/files/sealed_scores": b"scores",
        "candidate/controls/rbf/files/model": b"null model",
    }
    assert wanted.items() <= files.items()
    assert json.loads(files["work/0/work.json"])["digest"] == WORK.digest
    assert json.loads(files["work/0/provenance.json"]) == {"device": "snapshot"}
    assert json.loads(files["candidate/notes.json"]) == {"history": [1, 2]}
    assert json.loads(files["certificate.json"])["status"] == "CERTIFIED"


def test_a_model_is_logged_with_its_signature_and_its_own_bytes(
    tracking: Tracking, run_case: Callable[..., Outcome]
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    assert tracker.drain(60)
    from mlflow.models import Model

    run = tracking.runs("attempt")[0]
    (output,) = run.outputs.model_outputs
    logged = tracking.client.get_logged_model(output.model_id)
    assert (str(logged.status), logged.model_type, logged.source_run_id) == (
        "READY",
        "skops",
        run.info.run_id,
    )
    folder = Path(logged.artifact_location.removeprefix("file://"))
    model = Model.load(str(folder))
    assert model.signature.inputs.input_names() == ["age", "sex"]
    assert [kind.name for kind in model.signature.inputs.input_types()] == ["double", "string"]
    flavour = model.flavors["tierwise"]
    assert flavour["sha256"] == CANDIDATE.files["model"].digest
    assert (folder / flavour["data"]).read_bytes() == b"model bytes"


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


def test_another_ledger_with_a_case_of_that_id_has_a_run_of_its_own(
    tracking: Tracking, ledger: SqlLedger, tmp_path: Path, make_info: Any
) -> None:
    """Two homes of one site that share an MLflow: neither goes on in, nor ends, what the other logs."""
    other = SqlLedger(f"sqlite:///{tmp_path}/other.db", ledger.store)
    first = tracking.make()
    first.case_opened(ledger.open_case(make_info()))
    assert first.drain(60.0)
    other.open_case(make_info())
    other.close_case("c", CaseStatus.FAILED, None)
    second = MlflowTracker(TrackingPlace(tracking.uri, tracking.root), other, other.store)
    second.case_opened(other.open_case(make_info()))  # taken up again, and not linked to a run
    second.case_closed("c", CaseStatus.FAILED, None, None)
    second.close()
    assert [(run.data.tags["tierwise.ledger"], run.info.status) for run in tracking.runs("case")] == [
        (ledger.name(), "RUNNING"), (other.name(), "FAILED")
    ]  # fmt: skip
    other.close()


def test_the_signed_head_of_a_case_is_told(
    tracking: Tracking, ledger: SqlLedger, tmp_path: Path, run_case: Any
) -> None:
    key = SigningKey(Ed25519PrivateKey.generate())
    ledger._signer = HeadSigner(key, tmp_path / "signed-heads")
    run_case(tracker := tracking.make())
    tracker.close()
    [run] = tracking.runs("case")
    said = said_by(json.loads(run.data.tags["tierwise.signed_head"]), [key.public])
    closed = next(each for each in ledger.events("c") if each["kind"] == "case.closed")
    assert ("c", closed["number"], closed["hash"]) in said.heads


def test_what_a_shadow_policy_said_is_tagged(
    tracking: Tracking, ledger: SqlLedger, make_info: Callable[..., CaseInfo], make_decision: Any
) -> None:
    tracker = tracking.make()
    tracker.case_opened(ledger.open_case(make_info()))
    said = {"decision": 0, "policy": "strict", "verdict": "changed", "now": "refuse", "why": []}
    ledger.note_shadow("c", said)
    ended = Outcome(case_id="c", status=CaseStatus.REFUSED, decisions=(make_decision(0),))
    ledger.close_case("c", CaseStatus.REFUSED, ended)
    tracker.case_closed("c", CaseStatus.REFUSED, ended, None)
    tracker.close()
    [run] = tracking.runs("case")
    tags = {name: run.data.tags[name] for name in ("tierwise.shadow", "tierwise.shadow.00")}
    assert tags == {"tierwise.shadow": "strict", "tierwise.shadow.00": "refuse"}


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


def test_jobs_run_in_order_and_a_failed_one_stops_none(caplog: pytest.LogCaptureFixture) -> None:
    worker, seen = TrackingWorker(), []

    def fail() -> None:
        raise RuntimeError("first line\nsecond line")

    with caplog.at_level(logging.WARNING, logger="records.tracking.tracking"):
        for number in range(5):
            worker.put("a number", lambda number=number: seen.append(number))  # type: ignore[misc]
            worker.put("a failure", fail)
        assert worker.stop(30)
    assert seen == [0, 1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == [
        "MLflow could not be told of a failure: first line; ledger and store hold the whole record"
    ]


def test_stopping_does_not_wait_longer_than_it_may() -> None:
    import threading

    worker, gate = TrackingWorker(), threading.Event()
    seen: list[bool] = []
    worker.put("a long job", lambda: seen.append(gate.wait(60)))
    worker.put("another", lambda: seen.append(True))
    assert not worker.stop(0.01)
    assert seen == []
    gate.set()


def test_names_from_outside_cannot_leave_the_folder() -> None:
    assert [safe(name) for name in ("..", ".hidden", "a/b", "a b-1.npy")] == [
        "_",
        "_hidden",
        "a_b",
        "a b-1.npy",
    ]


def test_nested_data_become_dotted_names() -> None:
    assert flat("", {"a": {"b": 1, "c": {"d": None}}, "e": [2]}) == {"a.b": 1, "a.c.d": None, "e": [2]}


@pytest.mark.parametrize("columns", [None, [], "age", [{"name": "age"}], 3])
def test_without_described_columns_a_model_has_no_signature(columns: Any) -> None:
    assert signature(columns) is None


def test_the_store_keeps_the_bytes_that_the_view_shows(
    tracking: Tracking, store: FileStore, run_case: Callable[..., Outcome]
) -> None:
    tracker = tracking.make()
    run_case(tracker)
    assert tracker.drain(60)
    files = tracking.artifacts(tracking.runs("attempt")[0])
    named = json.loads(files["candidate/candidate.json"])["files"]
    for name, digest in named.items():
        assert store.get(digest) == files[f"candidate/files/{name}"]
