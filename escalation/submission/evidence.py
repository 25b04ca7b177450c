"""Evidence of a submission beside its result: payload, calibrations, usage, how far the device drifted."""

import json
from dataclasses import replace
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError
from escalation.model.metered import CHARGED
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Submission
from escalation.ports.paid import Calibrated
from escalation.ports.store import Store
from escalation.submission.context import SubmissionContext


def kept_payload(store: Store, row: Submission) -> Payload:
    """Returns the frozen payload, its bytes checked against their digest by the store."""
    assert row.payload is not None
    return Payload.from_frozen(Blob(store.get(row.payload), row.payload), row.frozen)


def keep_calibration(
    ctx: SubmissionContext, row: Submission, moment: str, calibration: Calibration | None
) -> dict[str, str]:
    """Keeps a calibration by its content; returns the digests of all moments.

    A backend that was told the same again hands out the same object, which is not written twice: the
    calibration of 156 qubits is a quarter of a megabyte.
    """
    if calibration is None:
        return row.calibrations
    if ctx.kept is None or ctx.kept[0] is not calibration:
        ctx.kept = (calibration, ctx.store.put(calibration.canonical))
    return {**row.calibrations, moment: ctx.kept[1]}


def kept_calibration(store: Store, row: Submission, moment: str) -> Calibration | None:
    """Returns the calibration kept for a moment; None where none was."""
    digest = row.calibrations.get(moment)
    return None if digest is None else Calibration.model_validate(json.loads(store.get(digest)))


def fidelity_lost(ctx: SubmissionContext, row: Submission, now: Calibration) -> float | None:
    """Expected fidelity of the worst circuit under the calibration at submission, less that under `now`."""
    before = kept_calibration(ctx.store, row, "submission")
    if before is None or not isinstance(ctx.backend, Calibrated):
        return None
    then, after = (ctx.backend.fidelity(ctx.work, calibration) for calibration in (before, now))
    return None if then is None or after is None else then - after


def record(ctx: SubmissionContext, row: Submission, result: RawResult) -> RawResult:
    """Adds to a decoded result what it cost and under which calibrations, and the bytes that prove it."""
    assert row.job is not None
    assert row.price is not None
    charged = row.price.expected.qpu_s if row.usage_qpu_s is None else row.usage_qpu_s
    began = row.sent_at or row.opened  # a person who was asked before may have taken days
    usage = Amounts(wall_s=max(0.0, ctx.clock() - began), qpu_s=charged, usd=row.price.usd_for(charged))
    about: dict[str, Any] = {
        "tag": row.tag,
        "payload": row.payload,
        "job": row.job.job_id,
        "fences": list(row.batches),
        "round": row.round,
        "estimate": {**row.price.expected.to_json(CHARGED), "is": "a lower bound"},
        "usage": "estimated, not final when the case went on" if row.usage_qpu_s is None else "final",
        "calibrations": dict(row.calibrations),
        "incidents": list(row.incidents),
    }
    return replace(
        result,
        error=None if result.ok else ": ".join(filter(None, (row.reason, result.error))),
        usage=usage,
        provenance={
            **result.provenance,
            **ctx.backend.facts_of(row.job),
            "submission": about,
            **_drift(ctx, row),
        },
        evidence={**result.evidence, **_bytes(ctx, row)},
    )


def _drift(ctx: SubmissionContext, row: Submission) -> dict[str, Any]:
    limit, moments = ctx.rules.max_fidelity_loss, row.calibrations
    if not isinstance(ctx.backend, Calibrated):
        return {}
    if "run" not in moments:
        return {"drift": {"fidelity_lost": None, "note": "the calibration in force at the run is unknown"}}
    if moments["run"] == moments.get("submission"):
        return {"drift": {"fidelity_lost": 0.0, "limit": limit, "beyond": False}}
    ran = kept_calibration(ctx.store, row, "run")
    try:
        lost = None if ran is None else fidelity_lost(ctx, row, ran)
    except BackendError:  # the circuits cannot be laid out any more: the result does not wait for that
        lost = None
    beyond = limit is not None and lost is not None and lost > limit
    return {"drift": {"fidelity_lost": lost, "limit": limit, "beyond": beyond}}


def _bytes(ctx: SubmissionContext, row: Submission) -> dict[str, Blob]:
    assert row.job is not None
    kept = {"payload.json": row.payload, "raw.txt": row.raw}
    kept |= {f"calibration-{moment}.json": digest for moment, digest in row.calibrations.items()}
    blobs = {name: Blob(ctx.store.get(digest)) for name, digest in kept.items() if digest is not None}
    return {**ctx.backend.evidence(row.job.job_id), **blobs}
