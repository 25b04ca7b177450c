"""Sums a case up: the attempt whose answer is the case's, and the outcome."""

import math
from collections.abc import Sequence
from typing import Any

from escalation.engine.case import Case
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.decision import Action, Decision
from escalation.model.problem import Target


def best_of(attempts: list[Attempt], target: Target) -> Attempt | None:
    """The attempt with the best certificate: by status, then by value on the target's side, then first."""
    sign = -1.0 if target.at_least is not None else 1.0

    def key(attempt: Attempt) -> tuple[int, float, int]:
        certificate = attempt.certificate
        assert certificate is not None
        value = math.inf if certificate.value is None else sign * certificate.value
        return certificate.status.rank, value, attempt.number

    judged = [attempt for attempt in attempts if attempt.certificate is not None]
    return min(judged, key=key, default=None)


def chosen(status: CaseStatus, attempts: list[Attempt], target: Target) -> Attempt | None:
    """The attempt whose answer is the case's: the accepted one, else the best so far."""
    return attempts[-1] if status is CaseStatus.ACCEPTED else best_of(attempts, target)


_STATUS = {
    Action.ACCEPT: CaseStatus.ACCEPTED,
    Action.ABSTAIN: CaseStatus.ABSTAINED,
    Action.REFUSE: CaseStatus.REFUSED,
}


def conclude(
    case: Case, attempts: list[Attempt], decisions: list[Decision], paused: CaseStatus | None = None
) -> Outcome:
    """Sums a case up: the accepted answer, or the best that was found so far, as what it is."""
    status = paused or _STATUS[decisions[-1].action]
    best = chosen(status, attempts, case.problem.target)
    return summed_up(case.info, status, best, attempts, decisions)


def summed_up(
    info: CaseInfo,
    status: CaseStatus,
    best: Attempt | None,
    attempts: list[Attempt],
    decisions: Sequence[Decision],
) -> Outcome:
    """What a case has come to, with the best attempt's answer for its own."""
    return Outcome(
        case_id=info.case_id,
        status=status,
        tier=best.tier if best else None,
        method=best.method if best else None,
        backend=best.backend if best else None,
        device_kind=best.device_kind if best else None,
        value=best.certificate.value if best and best.certificate else None,
        certificate=best.certificate if best else None,
        target=info.problem.target,
        cost=sum((attempt.cost for attempt in attempts), Amounts()),
        attempts=tuple(attempts),
        decisions=tuple(decisions),
        files=_files(best),
        failures=tuple(attempt.failure for attempt in attempts if attempt.failure),
        faults=tuple(_faults(attempt) for attempt in attempts if attempt.faults),
        remarks=info.remarks,
    )


def _faults(attempt: Attempt) -> str:
    ended = len(attempt.faults)
    tries = "1 try" if ended == 1 else f"{ended} tries"
    return f"{attempt.tier}/{attempt.method}: the machine ended {tries}, last: {attempt.faults[-1]}"


def _files(best: Attempt | None) -> dict[str, str]:
    files: Any = best.candidate.get("files", {}) if best else {}
    return {str(name): str(digest) for name, digest in files.items()}
