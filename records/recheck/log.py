"""What the ledger has of the checks of itself: samples of cases verified again, and audits.

A chain of events for each of the two, beside those of the cases; they name cases and say what came of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from records.audit.audit import Audit
from records.ledger.ledger import SqlLedger
from records.recheck.report import CheckResult, Rechecked

SAMPLES, SAMPLED = "checks/replay", "replay.sampled"
AUDITS, AUDITED = "checks/audit", "audit.made"
MOST_NAMED = 20
"""Findings of an audit that are kept in words; the others are counted."""


class LoggedCheck(NamedTuple):
    """A check of the records that was made.

    Attributes:
        at: when; ISO 8601 in UTC.
        looked_at: in words.
        findings: a line each.
        cases: that were looked at, of a sample.
        total: of the findings, also of those that have no line.
    """

    at: str
    looked_at: str
    findings: tuple[str, ...]
    total: int
    cases: int = 0


class Tries(NamedTuple):
    """By case, when it was last tried, and when it was last verified to its end; ISO 8601 in UTC."""

    tried: Mapping[str, str]
    verified: Mapping[str, str]


def note_sample(ledger: SqlLedger, made: Rechecked) -> None:
    """Writes down a sample and what came of it."""
    body: dict[str, Any] = {
        "at_s": ledger.now_s(),
        "seed": made.seed,
        "size": made.size,
        "ended": made.ended,
        "results": {each.case_id: str(each.result) for each in made.checked},
        "findings": [f"{each.case_id}: {each.why}" for each in made.different],
        "unclear": [f"{each.case_id}: {each.why}" for each in made.unclear],
        "left": len(made.left),
    }
    ledger.note(SAMPLES, SAMPLED, body)


def note_audit(ledger: SqlLedger, made: Audit) -> None:
    """Writes down an audit and what it found."""
    found = made.findings
    body = {
        "at_s": ledger.now_s(),
        "said": made.said,
        "count": len(found),
        "findings": list(found[:MOST_NAMED]),
    }
    ledger.note(AUDITS, AUDITED, body)


def tries(ledger: SqlLedger) -> Tries:
    """When cases were tried."""
    tried, verified = dict[str, str](), dict[str, str]()
    for event in _events(ledger, SAMPLES, SAMPLED):
        results = event["body"]["results"]
        tried.update(dict.fromkeys(results, event["at"]))
        done = [case_id for case_id, result in results.items() if CheckResult(result).verified]
        verified.update(dict.fromkeys(done, event["at"]))
    return Tries(tried, verified)


def samples(ledger: SqlLedger) -> list[LoggedCheck]:
    """The samples that were verified, oldest first."""
    return [
        LoggedCheck(
            each["at"],
            f"{len(body['results'])} of {body['ended']} cases",
            tuple(body["findings"]),
            len(body["findings"]),
            len(body["results"]),
        )
        for each in _events(ledger, SAMPLES, SAMPLED)
        for body in [each["body"]]
    ]


def audits(ledger: SqlLedger) -> list[LoggedCheck]:
    """The audits that were made, oldest first."""
    return [
        LoggedCheck(each["at"], body["said"], tuple(body["findings"]), body["count"])
        for each in _events(ledger, AUDITS, AUDITED)
        for body in [each["body"]]
    ]


def _events(ledger: SqlLedger, about: str, kind: str) -> Iterator[Mapping[str, Any]]:
    return (event for event in ledger.events(about) if event["kind"] == kind)
