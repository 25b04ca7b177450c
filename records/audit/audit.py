"""The audit of what is really kept: ledger, store and MLflow, each against the ledger's own word."""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from escalation.model.attempt import Attempt
from escalation.model.case import CaseRecord
from escalation.model.errors import CorruptRecord, first_line
from escalation.ports.store import AuditedStore
from escalation.text.addresses import without_password
from records.ledger.checkpoints import Checkpoint
from records.ledger.ledger import SqlLedger
from records.tracking.cases import RUN_STATUS
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace

METRIC = "certificate.value"


class Audit(NamedTuple):
    """What was looked at, and a line for everything that does not fit."""

    events: int
    files: int
    hashed: int
    runs: int
    findings: tuple[str, ...]
    checkpoint: Checkpoint | None = None

    @property
    def said(self) -> str:
        """What was looked at, in a line."""
        kept = f"{self.events} events, {self.hashed} of {self.files} files hashed, {self.runs} MLflow runs"
        at = self.checkpoint
        return (
            kept if at is None else f"{kept}, root {at.root} over {at.leaves} heads at checkpoint {at.number}"
        )


def audit(ledger: SqlLedger, store: AuditedStore, place: TrackingPlace | None = None) -> Audit:
    """Checks all that is kept.

    Args:
        ledger: chain, rows and history are checked.
        store: every file that the ledger names must be there; files are hashed, of a large store a
            random sample: what a case needs is compared with its digest whenever it is read.
        place: where MLflow is; None, and a file that is not there, is not looked at.
    """
    walked = ledger.walked()
    found = list(walked.findings)
    checkpoint = None if found else ledger.make_checkpoint()  # what is wrong is not sealed
    named, files = ledger.digests(), list(store.digests())
    missing = sorted(named.difference(files))
    found += [f"the store has no file {digest}, which the ledger names" for digest in missing]
    damaged, hashed = _hashed(store, files)
    found += damaged
    strange, runs = _tracked(ledger, place)
    return Audit(walked.events, len(files), hashed, runs, (*found, *strange), checkpoint)


def _hashed(store: AuditedStore, files: list[str]) -> tuple[list[str], int]:
    """Hashes the files in a random order until enough bytes were read; what is damaged, and how many were."""
    found, read, hashed = [], 0, 0
    for digest in random.sample(files, len(files)):
        if read >= store.audited_bytes:
            break
        try:
            read += store.audit(digest)
        except CorruptRecord as error:
            found.append(str(error))
        hashed += 1
    return found, hashed


def _tracked(ledger: SqlLedger, place: TrackingPlace | None) -> tuple[list[str], int]:
    if place is None or (place.file is not None and not place.file.exists()):
        return [], 0
    try:
        client = open_client(place)
        client.search_experiments(max_results=1)
    except Exception as error:  # of many libraries, by whatever is between here and there
        said = without_password(first_line(error), place.uri)
        return [f"MLflow at {place.shown} cannot be asked: {said}"], 0
    found, looked_at = list[str](), 0
    for record in ledger.each_case():
        if record.mlflow_run_id is not None:
            found += _case(client, ledger, record)
            looked_at += 1
    return found, looked_at


def _case(client: Any, ledger: SqlLedger, record: CaseRecord) -> Iterator[str]:
    from mlflow.exceptions import MlflowException

    case_id, run_id = record.info.case_id, record.mlflow_run_id
    try:
        run = client.get_run(run_id)
    except MlflowException:
        run = None
    if run is None or run.info.lifecycle_stage != "active":
        yield f"MLflow has no run {run_id}, which the ledger names for case {case_id}"
        return
    named, expected = (
        f"MLflow's run of case {case_id}",
        {"tierwise.case_id": case_id, "tierwise.kind": "case"},
    )
    yield from _differing(named, expected, run.data.tags)
    if not record.status.final:
        return
    yield from _differing(named, {"tierwise.status": str(record.status)}, run.data.tags)
    yield from _differing(named, {"status": RUN_STATUS[record.status]}, {"status": run.info.status})
    yield from _differing(named, {METRIC: (record.outcome or {}).get("value")}, run.data.metrics)
    where = f"tags.`mlflow.parentRunId` = '{run_id}' and tags.`tierwise.kind` = 'attempt'"
    children = client.search_runs([run.info.experiment_id], where)
    runs = {each.data.tags.get("tierwise.attempt"): each for each in children}
    for attempt in ledger.attempt_records(case_id):
        yield from _attempt(case_id, attempt, runs.get(str(attempt.number)))


def _attempt(case_id: str, attempt: Attempt, run: Any) -> Iterator[str]:
    named = f"MLflow's run of attempt {attempt.number} of case {case_id}"
    if run is None:
        yield f"{named} is missing"
        return
    expected = {"tierwise.status": str(attempt.status), "tierwise.backend": attempt.backend}
    yield from _differing(named, expected, run.data.tags)
    if attempt.certificate is not None:
        yield from _differing(named, {METRIC: attempt.certificate.value}, run.data.metrics)


def _differing(named: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[str]:
    for name, value in expected.items():
        if value is not None and got.get(name) != value:
            told = json.dumps(got.get(name))
            yield f"{named}: expected {name} {json.dumps(value)} as in the ledger, got {told}"
