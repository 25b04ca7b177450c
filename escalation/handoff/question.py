"""The question to a person: what exactly would be sent where, at what price, and why."""

from typing import Any

from escalation.attempt import Cost
from escalation.handoff.model import Approval, Handoff
from escalation.identity import digest_json
from escalation.ladder import Case, Item

HOUR_S = 3600.0


def about_payload(case: Case, item: Item, row: Handoff, now: float) -> Approval:
    """Asks about frozen bytes: the answer binds to them, their cap, the policy and a time."""
    assert row.payload is not None
    assert row.price is not None
    price = row.price
    shown = {
        "device": row.backend,
        "circuits": row.frozen["circuits"],
        "shots": row.frozen["shots"],
        "qpu_s": price.qpu_s,
        "usd": price.usd,
        "cap_qpu_s": price.cap_qpu_s,
        "cap_usd": price.cap_usd,
        "queue_s": price.queue_s,
    }
    about = {"subject": row.payload, "cap": price.cap, "shown": {**shown, **_reasons(case, item)}}
    return _question(case, item, about, now)


def about_work(case: Case, item: Item, now: float) -> Approval:
    """Asks about work that nobody charges for, and that the policy yet wants a person's word on."""
    shown = {"device": item.backend, **_reasons(case, item)}
    return _question(case, item, {"subject": item.work.digest, "cap": Cost(), "shown": shown}, now)


def _reasons(case: Case, item: Item) -> dict[str, Any]:
    return {
        "data_class": str(case.problem.data_class),
        "asked_by": [f"{rule.gate}: {rule.because}" for rule in item.asks],
        "why": item.why,
        "case": case.case_id,
        "attempt": item.label,
    }


def _question(case: Case, item: Item, about: dict[str, Any], now: float) -> Approval:
    key, policy = item.key, case.policy.digest
    names = {"case_id": key.case_id, "attempt": key.attempt, "ordinal": key.ordinal}
    times = {"asked_at": now, "expires_at": now + case.policy.handoff.approval_h * HOUR_S}
    made = digest_json([str(key), about["subject"], policy, now])[:12]
    return Approval.model_validate({"approval_id": made, "policy": policy, **names, **times, **about})
