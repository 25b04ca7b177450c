"""How things stand now: what waits for a person, what limits have left, how the records were checked."""

from datetime import datetime

from escalation.model.amounts import Amounts
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState
from escalation.submission.unattended import unattended
from records.ledger.ledger import SqlLedger
from records.overview.counting import as_written, span_count
from records.overview.numbers import ChecksMade, LimitUse, Overview, PersonsWork
from records.recheck.log import LoggedCheck, audits, samples
from records.recheck.queue import waiting


def overview_of(ledger: SqlLedger, since: datetime, until: datetime) -> Overview:
    """What was done from `since` to `until`, beside as long a time before, and how things stand now.

    Args:
        ledger: read alone.
        since: with a zone.
        until: after it.
    """
    return Overview(
        span=span_count(ledger, since, until),
        before=span_count(ledger, since - (until - since), since),
        limits=tuple(_limits(ledger)),
        waiting=_waiting(ledger),
        checks=_checks(ledger, as_written(since), as_written(until)),
    )


def _limits(ledger: SqlLedger) -> list[LimitUse]:
    now = ledger.now_s()
    return [
        LimitUse(
            project=each.project,
            period=each.period,
            taken=Amounts.total(ledger.spending(each.project, each.period, now)),
            caps=each.caps,
        )
        for each in ledger.limits()
    ]


def _waiting(ledger: SqlLedger) -> PersonsWork:
    now = ledger.now_s()
    asked = ledger.approvals(state=ApprovalState.ASKED)
    open_ = [each for each in asked if each.expires_at > now]
    return PersonsWork(
        questions=len(open_),
        expired=len(asked) - len(open_),
        oldest_asked_at=min((each.asked_at for each in open_), default=None),
        held=ledger.count_by_status().get("held", 0),
        parked=tuple(str(each.key) for each in ledger.submissions(states=[SubmissionState.PARKED])),
        unattended=tuple(each.line for each in unattended(ledger, now)),
    )


def _checks(ledger: SqlLedger, since: str, until: str) -> ChecksMade:
    def within(found: list[LoggedCheck]) -> list[LoggedCheck]:
        return [each for each in found if since <= each.at < until]

    audited, sampled = within(audits(ledger)), within(samples(ledger))
    told = tuple(dict.fromkeys(line for each in audited for line in each.findings))
    queue = waiting(ledger)
    ended, verified = queue.ended, queue.tries.verified
    waits = {case_id: max(at, verified.get(case_id, "")) for case_id, at in ended.items()}
    oldest = min(waits, key=lambda case_id: (waits[case_id], case_id), default="")
    return ChecksMade(
        audits=len(audited),
        audit_findings=told,
        more_audit_findings=max((each.total - len(each.findings) for each in audited), default=0),
        samples=len(sampled),
        sampled=sum(each.cases for each in sampled),
        sample_findings=tuple(dict.fromkeys(line for each in sampled for line in each.findings)),
        ended=len(ended),
        pruned=len(queue.pruned),
        never=sum(at > verified.get(case_id, "") for case_id, at in ended.items()),
        oldest=oldest,
        oldest_since=waits.get(oldest, ""),
    )
