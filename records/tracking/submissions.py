"""An attempt's submissions in MLflow: what was estimated and charged, which job, batches, calibrations."""

from collections.abc import Mapping
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.metered import CHARGED
from escalation.model.submission import Submission
from records.tracking.cases import pretty
from records.tracking.writing import log, log_files

BILL = "tierwise.bill"
"""Tag of a run with submissions: `open` until the last of them is billed, then `final`."""
OPEN, FINAL = "open", "final"

Paid = Mapping[int, tuple[Submission, Amounts | None]]
"""By ordinal: the submission, and what was charged for it; None while that is not known."""


def log_submissions(client: Any, run_id: str, paid: Paid, at_ms: int) -> None:
    """Logs the submissions of a run; called again, it adds the bills that came meanwhile."""
    if not paid:
        return
    run = client.get_run(run_id)
    logged = run.data.tags.get(BILL)
    if logged == FINAL:
        return
    log_files(client, run, {f"submissions/{n}.json": pretty(row.to_json()) for n, (row, _) in paid.items()})
    ended = all(row.state.final for row, _ in paid.values())
    params = _named(paid, _params) if logged is None else None
    tags = {BILL: FINAL if ended else OPEN}
    log(client, run_id, params=params, metrics=_named(paid, _metrics), tags=tags, at_ms=at_ms)


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
