"""The question to a person: what exactly would be sent where, at what price, and why."""

from dataclasses import dataclass
from typing import Any

from escalation.engine.case import Case
from escalation.engine.steps import Item
from escalation.model.amounts import Amounts
from escalation.model.identity import digest_json
from escalation.model.submission import Approval, Submission
from escalation.policy.floor import FloorRule

HOUR_S = 3600.0


@dataclass(frozen=True)
class Terms:
    """The terms on which a question is put.

    Attributes:
        now: seconds since the epoch.
        longest_h: hours that it stands at most, whatever the policy says.
        leaves: whether what is asked about leaves the site.
        below: rules of the floor that want it asked, beside the policy's.
    """

    now: float
    longest_h: float
    leaves: bool = False
    below: tuple[FloorRule, ...] = ()


def payload_question(case: Case, item: Item, row: Submission, terms: Terms) -> Approval:
    """Asks about frozen bytes: the answer binds to them, their cap, the policy and a time."""
    assert row.payload is not None
    assert row.price is not None
    circuits = {name: row.frozen[name] for name in ("circuits", "shots")}
    shown = {**circuits, **row.price.to_json(), **_reasons(case, item, terms)}
    about = {"subject": row.payload, "cap": row.price.cap, "shown": shown}
    return _question(case, item, about, terms)


def work_question(case: Case, item: Item, terms: Terms) -> Approval:
    """Asks about work that nobody charges for, and that the policy yet wants a person's word on."""
    shown = _reasons(case, item, terms)
    return _question(case, item, {"subject": item.work.digest, "cap": Amounts(), "shown": shown}, terms)


def _reasons(case: Case, item: Item, terms: Terms) -> dict[str, Any]:
    rules = [(rule.gate, rule.because) for rule in item.asks]
    named = {name for name, _ in rules}
    rules += [(rule.id, rule.because) for rule in terms.below if rule.id not in named]
    return {
        "device": item.backend,
        "leaves_site": terms.leaves,
        "data_class": str(case.problem.data_class),
        "parameter_values": item.work.demand().values,
        "derived_from": case.info.about,
        "asked_by": [f"{name}: {because}" for name, because in rules],
        "why": item.why,
        "case": case.case_id,
        "attempt": item.label,
    }


def _question(case: Case, item: Item, about: dict[str, Any], terms: Terms) -> Approval:
    key, policy, now = item.key, case.policy.digest, terms.now
    stands_h = min(case.policy.submission.approval_h, terms.longest_h)
    names = {"case_id": key.case_id, "attempt": key.attempt, "ordinal": key.ordinal}
    times = {"asked_at": now, "expires_at": now + stands_h * HOUR_S}
    made = digest_json([str(key), about["subject"], policy, now])[:12]
    return Approval.model_validate({"approval_id": made, "policy": policy, **names, **times, **about})
