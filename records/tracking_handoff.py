"""An attempt's hand-offs in MLflow: what was estimated and charged, which job, batches, calibrations."""

from collections.abc import Mapping
from typing import Any

from escalation.attempt import Cost
from escalation.handoff.model import Handoff
from records.tracking_case import pretty
from records.tracking_client import log_files, log_metrics, log_params, set_tags

BILL = "tierwise.bill"
"""Tag of a run with hand-offs: `open` until the last of them is billed, then `final`."""
OPEN, FINAL = "open", "final"

Paid = Mapping[int, tuple[Handoff, Cost | None]]
"""By ordinal: the hand-off, and what was charged for it; None while that is not known."""


def log_handoffs(client: Any, run_id: str, paid: Paid, at_ms: int) -> None:
    """Logs the hand-offs of a run; called again, it adds the bills that came meanwhile."""
    logged = client.get_run(run_id).data.tags.get(BILL)
    if not paid or logged == FINAL:
        return
    if logged is None:
        log_params(client, run_id, _named(paid, _params))
    log_metrics(client, run_id, _named(paid, _metrics), at_ms)
    log_files(client, run_id, {f"handoffs/{n}.json": pretty(row.to_json()) for n, (row, _) in paid.items()})
    ended = all(row.state.final for row, _ in paid.values())
    set_tags(client, run_id, {BILL: FINAL if ended else OPEN})


def _named(paid: Paid, told: Any) -> dict[str, Any]:
    return {
        f"handoff.{ordinal}.{name}": value
        for ordinal, (row, charged) in paid.items()
        for name, value in told(row, charged).items()
    }


def _params(row: Handoff, _charged: Cost | None) -> dict[str, Any]:
    kept = {f"calibration.{moment}": digest for moment, digest in row.calibrations.items()}
    named = {name: getattr(row, name) for name in ("backend", "tag", "job_id", "payload", "round", "sends")}
    sizes = {name: row.frozen.get(name) for name in ("circuits", "shots")}
    return {**named, **sizes, "fences": " ".join(row.fences) or None, **kept}


def _metrics(row: Handoff, charged: Cost | None) -> dict[str, float | None]:
    if row.price is None:
        return {}
    found: dict[str, float | None] = {}
    for unit in ("qpu_s", "usd"):
        estimated = getattr(row.price, unit)
        cost = None if charged is None else getattr(charged, unit)
        found[f"estimated.{unit}"] = estimated
        found[f"charged.{unit}"] = cost
        found[f"charged_over_estimated.{unit}"] = cost / estimated if cost is not None and estimated else None
    return found
