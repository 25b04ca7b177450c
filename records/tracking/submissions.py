"""An attempt's submissions in MLflow: what was estimated and charged, which job, batches, calibrations."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.metered import CHARGED
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState
from records.tracking.cases import pretty
from records.tracking.writing import log, log_files

BILL = "tierwise.bill"
"""Tag of a run with submissions: `open` until the last of them is billed, then `final`."""
OPEN, FINAL = "open", "final"

Paid = Mapping[int, tuple[Submission, Amounts | None]]
"""By ordinal: the submission, and what was charged for it; None while that is not known."""


def paid_for(rows: Iterable[Submission], spent_for: Callable[[WorkKey], Amounts]) -> Paid:
    """The submissions by ordinal, each with what was billed for it where that is final."""
    return {
        row.ordinal: (row, spent_for(row.key) if row.state is SubmissionState.DONE else None) for row in rows
    }


def log_submissions(client: Any, run_id: str, paid: Paid, at_ms: int) -> None:
    """Logs the submissions of a run; called again, it adds the bills that came meanwhile."""
    if not paid:
        return
    run = client.get_run(run_id)
    logged = run.data.tags.get(BILL)
    if logged == FINAL:
        return
    log_files(client, run, {f"submissions/{n}.json": pretty(row.to_json()) for n, (row, _) in paid.items()})
    params = submission_params(paid) if logged is None else None
    log(client, run_id, params=params, metrics=submission_metrics(paid), tags=bill_tag(paid), at_ms=at_ms)


def submission_params(paid: Paid) -> dict[str, Any]:
    """What was sent where, by ordinal."""
    return _named(paid, _params)


def submission_metrics(paid: Paid) -> dict[str, float | None]:
    """What was estimated and charged, by ordinal."""
    return _named(paid, _metrics)


def bill_tag(paid: Paid) -> dict[str, str]:
    """Whether all that was submitted is billed; nothing of a run without submissions."""
    ended = all(row.state.final for row, _ in paid.values())
    return {BILL: FINAL if ended else OPEN} if paid else {}


def _named(paid: Paid, told: Any) -> dict[str, Any]:
    return {
        f"submission.{ordinal}.{name}": value
        for ordinal, (row, charged) in paid.items()
        for name, value in told(row, charged).items()
    }


def _params(row: Submission, _charged: Amounts | None) -> dict[str, Any]:
    kept = {f"calibration.{moment}": digest for moment, digest in row.calibrations.items()}
    named = {name: getattr(row, name) for name in ("backend", "tag", "job_id", "payload", "round", "sends")}
    sizes = {name: row.frozen.get(name) for name in ("circuits", "shots")}
    return {**named, **sizes, "fences": " ".join(row.batches) or None, **kept}


def _metrics(row: Submission, charged: Amounts | None) -> dict[str, float | None]:
    if row.price is None:
        return {}
    found: dict[str, float | None] = {}
    for unit, estimated in row.price.expected.to_json(CHARGED).items():
        cost = None if charged is None else charged[unit]
        found[f"estimated.{unit}"] = estimated
        found[f"charged.{unit}"] = cost
        found[f"charged_over_estimated.{unit}"] = cost / estimated if cost is not None and estimated else None
    return found
