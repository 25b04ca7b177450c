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
from escalation.submission.context import Handing


def kept_payload(store: Store, row: Submission) -> Payload:
    """Returns the frozen payload, its bytes checked against their digest by the store."""
    assert row.payload is not None
    return Payload.thaw(Blob(store.get(row.payload), row.payload), row.frozen)


def keep_calibration(h: Handing, row: Submission, moment: str, found: Calibration | None) -> dict[str, str]:
    """Keeps a calibration by its content; returns the digests of all moments.

    A backend that was told the same again hands out the same object, which is not written twice: the
    calibration of 156 qubits is a quarter of a megabyte.
    """
    if found is None:
        return row.calibrations
    if h.kept is None or h.kept[0] is not found:
        h.kept = (found, h.store.put(found.canonical))
    return {**row.calibrations, moment: h.kept[1]}


def kept_calibration(store: Store, row: Submission, moment: str) -> Calibration | None:
    """Returns the calibration kept for a moment; None where none was."""
    digest = row.calibrations.get(moment)
    return None if digest is None else Calibration.model_validate(json.loads(store.get(digest)))


def fidelity_lost(h: Handing, row: Submission, now: Calibration) -> float | None:
    """Expected fidelity of the worst circuit under the calibration at submission, less that under `now`."""
    before = kept_calibration(h.store, row, "submission")
    if before is None or not isinstance(h.backend, Calibrated):
        return None
    then, after = (h.backend.fidelity(h.work, each) for each in (before, now))
    return None if then is None or after is None else then - after


def record(h: Handing, row: Submission, result: RawResult) -> RawResult:
    """Adds to a decoded result what it cost and under which calibrations, and the bytes that prove it."""
    assert row.job is not None
    assert row.price is not None
    charged = row.price.expected.qpu_s if row.usage_qpu_s is None else row.usage_qpu_s
    began = row.sent_at or row.opened  # a person who was asked before may have taken days
    usage = Amounts(wall_s=max(0.0, h.clock() - began), qpu_s=charged, usd=row.price.usd_for(charged))
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
            **h.backend.facts_of(row.job),
            "submission": about,
            **_drift(h, row),
        },
        evidence={**result.evidence, **_bytes(h, row)},
    )


def _drift(h: Handing, row: Submission) -> dict[str, Any]:
    limit, moments = h.rules.max_fidelity_loss, row.calibrations
    if not isinstance(h.backend, Calibrated):
        return {}
    if "run" not in moments:
        return {"drift": {"fidelity_lost": None, "note": "the calibration in force at the run is unknown"}}
    if moments["run"] == moments.get("submission"):
        return {"drift": {"fidelity_lost": 0.0, "limit": limit, "beyond": False}}
    ran = kept_calibration(h.store, row, "run")
    try:
        lost = None if ran is None else fidelity_lost(h, row, ran)
    except BackendError:  # the circuits cannot be laid out any more: the result does not wait for that
        lost = None
    beyond = limit is not None and lost is not None and lost > limit
    return {"drift": {"fidelity_lost": lost, "limit": limit, "beyond": beyond}}


def _bytes(h: Handing, row: Submission) -> dict[str, Blob]:
    assert row.job is not None
    kept = {"payload.json": row.payload, "raw.txt": row.raw}
    kept |= {f"calibration-{moment}.json": digest for moment, digest in row.calibrations.items()}
    found = {name: Blob(h.store.get(digest)) for name, digest in kept.items() if digest is not None}
    return {**h.backend.evidence(row.job.job_id), **found}
