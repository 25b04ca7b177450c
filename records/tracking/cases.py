"""A case as MLflow's parent run: what it is about, its decisions, its end."""

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from escalation.model.attempt import Attempt
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome
from escalation.model.clock import ProcessIdentity, this_process
from escalation.model.decision import Decision
from escalation.model.problem import DataClass
from escalation.policy.backtest.wording import shadow_words
from records.tracking.writing import flat, log, log_files, log_once

RUN_STATUS = {
    CaseStatus.WAITING: "SCHEDULED",
    CaseStatus.ACCEPTED: "FINISHED",
    CaseStatus.ABSTAINED: "FINISHED",
    CaseStatus.REFUSED: "FINISHED",
    CaseStatus.HELD: "FINISHED",
    CaseStatus.FAILED: "FAILED",
    CaseStatus.INTERRUPTED: "KILLED",
}
"""How MLflow shows a case that is not running; one that waits for a job at a service is SCHEDULED."""
LEDGER, HEAD = "tierwise.ledger", "tierwise.signed_head"
"""Tags of a case's run: the ledger's name, and where the case's chain ended, signed."""


def open_run(client: Any, record: CaseRecord, experiment: str, ledger: str) -> tuple[Any, bool]:
    """Opens the case's run, or opens it again where there is one; says if nothing describes it.

    A run that is there lacks that where the process that made it died before it was done. A case that is
    new has no run. Another ledger, of that other name, may have a case of the same id there.
    """
    existing = None if record.new else _existing(client, record, experiment, ledger)
    if existing is not None:
        client.update_run(existing.info.run_id, status="RUNNING")
        log(client, existing.info.run_id, tags=_making(record.info))
        return existing, not existing.data.params
    info = record.info
    told = case_tags(info) | _making(info) | {LEDGER: ledger, "mlflow.user": getpass.getuser()}
    tags = {name: str(value) for name, value in told.items() if value is not None}
    start = to_ms(record.opened_at)
    return client.create_run(experiment, start_time=start, tags=tags, run_name=info.case_id), True


def describe_run(client: Any, run: Any, info: CaseInfo, blob: Blob | None) -> None:
    """Logs what the case is about: data set, problem, policy, instance, environment; parameters at the end.

    A run that has parameters has all.
    """
    _log_dataset(client, run.info.run_id, info)
    log_files(client, run, _documents(info, blob))
    log(client, run.info.run_id, params=case_params(info))


def log_decision(client: Any, run: Any, decision: Decision) -> None:
    """Logs a decision as a JSON artefact."""
    name = f"decisions/{decision.number:02d}-{decision.action}.json"
    log_files(client, run, {name: pretty(decision.to_json())})


def close_run(
    client: Any,
    run: Any,
    info: CaseInfo,
    status: CaseStatus,
    outcome: Outcome | None,
    *,
    files: Mapping[str, bytes],
    head: Mapping[str, Any] | None,
    shadows: Sequence[Mapping[str, Any]],
    at_ms: int,
) -> None:
    """Logs the outcome and the files (report, tables); ends the run even when they cannot be logged.

    The signed head of the case is told too: the ledger must have what it says, whoever can write to it; and
    what a shadow policy said of its decisions.
    """
    shown = [{"path": name, "type": "table"} for name in files if name.endswith("_table.json")]
    tags = {
        "tierwise.status": status,
        "mlflow.loggedArtifacts": json.dumps(shown),
        HEAD: None if head is None else json.dumps(head),
        **shadow_tags(shadows),
    }
    try:
        if outcome is not None:
            files = {**files, "outcome.json": pretty(outcome.to_json())}
            tags |= answer_tags(info, outcome)
        log_files(client, run, files)
        metrics = None if outcome is None else case_metrics(outcome)
        log(client, run.info.run_id, metrics=metrics, tags=tags, at_ms=at_ms)
    finally:
        client.set_terminated(run.info.run_id, RUN_STATUS.get(status, "KILLED"), end_time=at_ms)


def shadow_tags(shadows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Which shadow policy was asked, and by decision what it said."""
    tags = {f"tierwise.shadow.{said['decision']:02d}": shadow_words(said) for said in shadows}
    return tags | ({"tierwise.shadow": str(shadows[-1]["policy"])} if shadows else {})


def written_by_living(tags: Mapping[str, str]) -> bool:
    """Whether the process that logs the run is seen to be alive from here."""
    try:
        return bool(ProcessIdentity.from_json(json.loads(tags["tierwise.writer"])).alive())
    except (KeyError, ValueError):
        return False


def decision_table(decisions: Sequence[Decision]) -> bytes:
    """The decisions as a table, in the form that MLflow shows."""
    columns = ("number", "action", "tier", "method", "backend", "rule", "because")
    rows = [[getattr(decision, name) for name in columns] for decision in decisions]
    flips = [decision.nearest_flip.text if decision.nearest_flip else None for decision in decisions]
    data = [[*row, flip] for row, flip in zip(rows, flips, strict=True)]
    return pretty({"columns": [*columns, "nearest_flip"], "data": data})


def attempt_table(attempts: Sequence[Attempt]) -> bytes:
    """The attempts as a table, in the form that MLflow shows."""
    columns = ("number", "tier", "method", "backend", "device_kind", "status", "value", "estimate", "wall_s")
    data = []
    for attempt in attempts:
        certificate = attempt.certificate
        found = (None, None) if certificate is None else (certificate.value, certificate.estimate)
        data.append([*(getattr(attempt, name) for name in columns[:6]), *found, attempt.cost.wall_s])
    return pretty({"columns": list(columns), "data": data})


def pretty(data: Any) -> bytes:
    """JSON for people; the same data are the same bytes, also when they come from the ledger again."""
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def to_ms(at: str) -> int:
    """Milliseconds since the epoch of an ISO 8601 time."""
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _existing(client: Any, record: CaseRecord, experiment: str, ledger: str) -> Any | None:
    """The case's run, also when its id was not linked before the process died."""
    if record.mlflow_run_id is not None:
        found = _found(client, record.mlflow_run_id)
        if found is not None:
            return found
    named = {"tierwise.case_id": record.info.case_id, "tierwise.kind": "case", LEDGER: ledger}
    where = " and ".join(f"tags.`{name}` = '{value}'" for name, value in named.items())
    runs = client.search_runs([experiment], where, max_results=1)
    return runs[0] if runs else None


def _found(client: Any, run_id: str) -> Any | None:
    """The run, if MLflow has it; its database may have been thrown away, since it is only a view."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException:
        return None
    return run if run.info.lifecycle_stage == "active" else None


def case_tags(info: CaseInfo) -> dict[str, Any]:
    """What the case's run is tagged with from its opening on."""
    problem = info.problem
    return made_with(info) | {
        "tierwise.kind": "case",
        "tierwise.case_id": info.case_id,
        "tierwise.about": info.about,
        "tierwise.asked": info.asked,
        "tierwise.problem_digest": info.problem_digest,
        "tierwise.instance_digest": info.instance_digest,
        "tierwise.policy": info.policy_name,
        "tierwise.policy_digest": info.policy_digest,
        "tierwise.data_class": problem.data_class,
        "tierwise.stage": problem.stage,
        "mlflow.note.content": _asked(info),
        "mlflow.source.name": "tierwise",
        "mlflow.source.type": "LOCAL",
    }


def _making(info: CaseInfo) -> dict[str, Any]:
    """What is said anew when a case is taken up again."""
    writer = json.dumps(this_process().to_json())
    return made_with(info) | {"tierwise.status": CaseStatus.RUNNING, "tierwise.writer": writer}


def made_with(info: CaseInfo) -> dict[str, Any]:
    """By which code and driver the case is solved."""
    made = info.environment
    return {
        "tierwise.engine": made.get("engine"),
        "tierwise.code_commit": made.get("commit"),
        "tierwise.uncommitted_changes": made.get("uncommitted_changes"),
        "tierwise.lock_hash": made.get("lock"),
        "mlflow.source.git.commit": made.get("commit"),
    }


def case_params(info: CaseInfo) -> dict[str, Any]:
    """What was stated, a parameter each."""
    problem = info.problem.to_json()
    stated = {name: problem[name] for name in ("family", "instance", "target", "budget", "seed")}
    return flat("", {"about": info.about, **stated, "policy": info.policy_name})


def _documents(info: CaseInfo, blob: Blob | None) -> dict[str, bytes]:
    files = {
        "policy.yaml": info.policy_text.encode(),
        "problem.json": pretty(info.problem.to_json()),
        "instance.json": pretty(info.instance),
        "environment.json": pretty(info.environment),
    }
    if blob is not None and info.problem.data_class is DataClass.PUBLIC:
        files["instance.data"] = blob.data  # data about people stay where they are; their digest is logged
    return files


def _log_dataset(client: Any, run_id: str, info: CaseInfo) -> None:
    """MLflow's own digest holds 36 characters at most, so the whole SHA-256 is in tag, source and profile."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    stated = info.problem.instance
    named = (value for _, value in sorted(stated.items()) if isinstance(value, str))
    name = next(named, info.problem.family)
    source = json.dumps({"instance": stated, "sha256": info.instance_digest}, sort_keys=True)
    known = {name: value for name, value in info.instance.items() if isinstance(value, int | float | str)}
    profile = json.dumps({**known, "sha256": info.instance_digest}, sort_keys=True)
    dataset = Dataset(name[:500], info.instance_digest[:36], "tierwise", source, profile=profile)
    tags = [
        InputTag("mlflow.data.context", "instance"),
        InputTag("sha256", info.instance_digest),
    ]
    log_once(lambda: client.log_inputs(run_id, [DatasetInput(dataset, tags)]))


def answer_tags(info: CaseInfo, outcome: Outcome) -> dict[str, Any]:
    """What the case came to."""
    return {
        "tierwise.tier": outcome.tier,
        "tierwise.method": outcome.method,
        "tierwise.backend": outcome.backend,
        "tierwise.device_kind": outcome.device_kind,
        "tierwise.certificate": outcome.certificate.status if outcome.certificate else None,
        "tierwise.report": outcome.report,
        "mlflow.note.content": f"{_asked(info)}\n{_note(outcome)}",
    }


def _asked(info: CaseInfo) -> str:
    return f"{info.about}\n\nAsked: {info.asked}\n"


def _note(outcome: Outcome) -> str:
    by = f" by {outcome.method} on {outcome.backend}" if outcome.method else ""
    lines = [f"**{outcome.status}**{by}"]
    lines += [f"{d.number}. {d.action} {d.tier or ''}: {d.because} (`{d.rule}`)" for d in outcome.decisions]
    return "\n".join(lines)


def case_metrics(outcome: Outcome) -> dict[str, float | None]:
    """Of the whole case: the value that was certified, what it cost, what the time went to."""
    cost = {f"cost.{name}": value for name, value in outcome.cost.to_json().items()}
    cost |= {f"elapsed.{name}": value for name, value in outcome.elapsed.to_json().items()}
    return {"certificate.value": outcome.value, "attempts": float(len(outcome.attempts)), **cost}
