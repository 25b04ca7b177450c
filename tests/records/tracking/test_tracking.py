"""Tracking in a real MLflow on SQLite: what it shows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from escalation.model.case import CaseInfo, CaseStatus, Outcome
from records.ledger.head_signer import HeadSigner
from records.ledger.ledger import SqlLedger
from records.ledger.signed_heads import said_by
from records.signing.keys import SigningKey
from records.store.files import FileStore
from records.tracking.heads import told_heads
from records.tracking.places import TrackingPlace
from records.tracking.tracking import MlflowTracker
from tests.records.tracking.conftest import CANDIDATE, WORK, Tracking


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The view does not depend on the kind of the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


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
    place, ended_s = TrackingPlace(tracking.uri, tracking.root), run.info.end_time / 1000
    envelope = json.loads(run.data.tags["tierwise.signed_head"])
    for since_s, found in ((None, [envelope]), (ended_s, [envelope]), (ended_s + 1, [])):
        told = told_heads(place, ledger.name(), since_s)
        assert told is not None
        assert [each for _, each in told] == found
    tracking.client.update_run(run.info.run_id, status="RUNNING")  # which a case is that is gone on with
    assert len(told_heads(place, ledger.name(), ended_s + 1) or ()) == 1
    assert told_heads(place, "another", None) == []


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
