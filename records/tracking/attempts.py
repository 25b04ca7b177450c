"""An attempt as MLflow's child run: parameters, metrics, everything that ran, what came back."""

from collections.abc import Mapping, Sequence
from typing import Any

from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo
from records.tracking.cases import LEDGER, pretty
from records.tracking.models import log_model
from records.tracking.writing import flat, key, log, log_files

RUN_STATUS = {
    AttemptStatus.CERTIFIED: "FINISHED",
    AttemptStatus.NOT_CERTIFIED: "FINISHED",
    AttemptStatus.FAILED: "FAILED",
}
"""How MLflow shows an attempt; one that is held was stopped before its end."""


def log_attempt(
    client: Any,
    parent: Any,
    info: CaseInfo,
    attempt: Attempt,
    candidate: Candidate | None,
    *,
    done: Sequence[Done],
    at_ms: int,
    new: bool = False,
) -> str:
    """Logs the attempt as a finished run under the case's; returns its id. Twice is once.

    Args:
        client: of MLflow.
        parent: the case's run.
        info: of the case.
        attempt: that ended.
        candidate: what it made.
        done: what ran for it.
        at_ms: when it ended.
        new: nobody can have logged it before.
    """
    experiment, parent_id = parent.info.experiment_id, str(parent.info.run_id)
    for old in () if new else _earlier(client, experiment, parent_id, attempt.number):
        if old.info.status != "RUNNING":
            return str(old.info.run_id)
        client.delete_run(old.info.run_id)  # half logged when the process died; logged anew below
    name = f"{attempt.number} {attempt.tier} {attempt.method}"
    start = at_ms - int(1000 * attempt.cost.wall_s)
    tags = attempt_tags(info, attempt) | {"mlflow.parentRunId": parent_id}
    if LEDGER in parent.data.tags:
        tags[LEDGER] = parent.data.tags[LEDGER]
    run = client.create_run(experiment, start_time=start, tags=tags, run_name=name)
    run_id = str(run.info.run_id)
    try:
        log(client, run_id, params=attempt_params(attempt), metrics=attempt_metrics(attempt), at_ms=at_ms)
        log_files(client, run, _files(attempt, candidate, done))
        model = None if candidate is None else log_model(client, run, info, attempt, candidate)
        log(client, run_id, tags={"tierwise.model": model})
    finally:
        client.set_terminated(run_id, RUN_STATUS[attempt.status], end_time=at_ms)
    return run_id


def _earlier(client: Any, experiment: str, parent_id: str, number: int) -> Sequence[Any]:
    where = f"tags.`mlflow.parentRunId` = '{parent_id}' and tags.`tierwise.attempt` = '{number}'"
    runs: Sequence[Any] = client.search_runs([experiment], where)
    return runs


def attempt_tags(info: CaseInfo, attempt: Attempt) -> dict[str, str]:
    """What an attempt's run is tagged with."""
    tags = {
        "mlflow.source.name": "tierwise",
        "tierwise.kind": "attempt",
        "tierwise.case_id": info.case_id,
        "tierwise.attempt": str(attempt.number),
        "tierwise.tier": str(attempt.tier),
        "tierwise.method": attempt.method,
        "tierwise.backend": attempt.backend,
        "tierwise.device_kind": attempt.device_kind,
        "tierwise.status": str(attempt.status),
    }
    if attempt.certificate is not None:
        tags["tierwise.certificate"] = str(attempt.certificate.status)
    if attempt.error is not None:
        tags["tierwise.error"] = attempt.error
    return tags


def attempt_params(attempt: Attempt) -> dict[str, Any]:
    """What was tried, and what it was quoted at."""
    named = ("tier", "method", "backend", "device_kind", "seed")
    return {name: getattr(attempt, name) for name in named} | flat("quote", attempt.quote.to_json())


def attempt_metrics(attempt: Attempt) -> dict[str, float | None]:
    """What it cost, and what the verifier found."""
    metrics: dict[str, float | None] = {f"cost.{k}": v for k, v in attempt.cost.to_json().items()}
    certificate = attempt.certificate
    if certificate is None:
        return metrics
    for name in ("value", "estimate", "alpha", "tolerance"):
        metrics[f"certificate.{name}"] = getattr(certificate, name)
    for control in certificate.controls:
        for name in ("value", "difference", "p_value"):
            metrics[f"control.{key(control.name)}.{name}"] = getattr(control, name)
    return metrics


def _files(attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]) -> dict[str, bytes]:
    files = {"attempt.json": pretty(attempt.to_json())}
    if attempt.certificate is not None:
        files["certificate.json"] = pretty(attempt.certificate.to_json())
    if candidate is not None:
        files |= _candidate_files("candidate", candidate)
    for ordinal, one in enumerate(done):
        files |= _work_files(f"work/{ordinal}", one)
    return files


def _candidate_files(folder: str, candidate: Candidate) -> dict[str, bytes]:
    files = {
        f"{folder}/candidate.json": pretty(candidate.to_json()),
        f"{folder}/values.json": pretty(dict(candidate.values)),
        f"{folder}/notes.json": pretty(dict(candidate.notes)),
        **_named(f"{folder}/files", candidate.files),
    }
    for name, control in candidate.controls.items():
        files |= _candidate_files(f"{folder}/controls/{name}", control)
    return files


def _work_files(folder: str, one: Done) -> dict[str, bytes]:
    work, result = one.work, one.result
    return {
        f"{folder}/work.json": pretty(work.to_json() | {"digest": work.digest}),
        f"{folder}/result.json": pretty(result.to_json() | {"digest": result.digest}),
        f"{folder}/provenance.json": pretty(dict(result.provenance)),
        **_named(f"{folder}/files", result.files),
        **_named(f"{folder}/evidence", result.evidence),
        **{f"{folder}/{name}": data for name, data in work.shown().items()},
    }


def _named(folder: str, blobs: Mapping[str, Blob]) -> dict[str, bytes]:
    return {f"{folder}/{name}": blob.data for name, blob in blobs.items()}
