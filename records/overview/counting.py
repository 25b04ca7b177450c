"""Counts what was done in a span of time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.case import CaseStatus
from escalation.model.certificate import CertificateStatus
from escalation.model.decision import Action
from escalation.model.problem import Tier
from records.ledger.ledger import SqlLedger
from records.ledger.summaries import CaseSummary
from records.overview.numbers import ConditionCount, FamilyCount, QuantumCount, SpanCount

_ENDS = {
    CaseStatus.ABSTAINED: "abstained",
    CaseStatus.REFUSED: "refused",
    CaseStatus.HELD: "held",
    CaseStatus.FAILED: "failed",
}


def span_count(ledger: SqlLedger, since: datetime, until: datetime) -> SpanCount:
    """What was done from `since` on and before `until`, which have a zone."""
    unreadable: list[str] = []
    found = [*_readable(ledger.summaries(as_written(since), as_written(until), unreadable), unreadable)]
    window = since.timestamp(), until.timestamp()
    reserved, spent = ledger.spending_between(*window)
    practice = ledger.spending_between(*window, practice=True)
    return SpanCount(
        since=since,
        until=until,
        families=tuple(_families(found)),
        quantum=_quantum(found),
        used=Amounts.total(Amounts.of(case.outcome["cost"]) for case in found if case.outcome),
        spent=spent,
        reserved=reserved,
        practice=Amounts.total(practice),
        unreadable=len(set(unreadable)),
    )


def as_written(at: datetime) -> str:
    """As the ledger writes moments, which sort as texts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _readable(found: Iterable[CaseSummary], unreadable: list[str]) -> Iterator[CaseSummary]:
    """The cases that can be counted; the others are told of."""
    for case in found:
        try:
            _families([case])
            _quantum([case])
            Amounts.of(case.outcome["cost"] if case.outcome else {})
        except (ValueError, LookupError, TypeError, AttributeError):  # what no ledger of ours wrote
            unreadable.append(case.case_id)
        else:
            yield case


def _families(found: Sequence[CaseSummary]) -> list[FamilyCount]:
    """By family, in the order of their names."""
    by_family: dict[str, list[CaseSummary]] = {}
    for case in found:
        by_family.setdefault(case.family, []).append(case)
    return [_family(name, by_family[name]) for name in sorted(by_family)]


def _family(name: str, found: Sequence[CaseSummary]) -> FamilyCount:
    counts, tiers = Counter[str](), Counter[str]()
    for case in found:
        status = CaseStatus(case.status)
        if status is CaseStatus.ACCEPTED:
            if case.outcome is None:
                raise ValueError("an accepted case has an outcome")
            tiers[Tier(case.outcome["tier"])] += 1
            proven = (case.outcome["certificate"] or {}).get("status") == CertificateStatus.CERTIFIED
            counts["certified" if proven else "uncertified"] += 1
        else:
            counts[_ENDS.get(status, "open")] += 1
    return FamilyCount(
        family=name, cases=len(found), tiers={str(tier): tiers[tier] for tier in tiers}, **counts
    )


def _quantum(found: Sequence[CaseSummary]) -> QuantumCount:
    asked = tried = answered = 0
    kinds, closed, because = Counter[str](), Counter[str](), dict[str, str]()
    for case in found:
        refused = {gate["gate"]: gate["because"] for gate in _closed(case.decisions)}
        attempted = any(_is_quantum(each) for each in case.decisions if each["action"] == Action.ATTEMPT)
        asked += bool(refused) or attempted
        tried += attempted
        accepted = case.outcome if case.status == CaseStatus.ACCEPTED else None
        answered += accepted is not None and _is_quantum(accepted)
        kinds.update({each["device_kind"] for each in case.attempts if _is_quantum(each)})
        closed.update(refused.keys())
        because |= refused
    conditions = [
        ConditionCount(condition=name, because=because[name], cases=count)
        for name, count in sorted(closed.items(), key=lambda each: (-each[1], each[0]))
    ]
    return QuantumCount(
        asked=asked,
        tried=tried,
        answered=answered,
        kinds=dict(sorted(kinds.items())),
        conditions=tuple(conditions),
    )


def _closed(decisions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (gate for each in decisions for gate in each["closed"] if _is_quantum(gate))


def _is_quantum(document: dict[str, Any]) -> bool:
    return bool(document["tier"] == Tier.QUANTUM)
