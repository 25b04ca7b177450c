"""Actions of a person on a submission, by the table in `escalation.model.submission_states`."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from escalation.model.errors import BackendError, BadInput, CaseConflict
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.model.submission_states import Who
from escalation.ports.ledger.submissions import SubmissionLedger
from escalation.ports.paid import PaidBackend

LISTED = 4
"""Names that a message lists at most."""

Open = Callable[[str], PaidBackend]
"""Opens the backend of that name; called only where the service has to be asked."""


@dataclass(frozen=True)
class Person:
    """Somebody at the command line.

    Attributes:
        name: for the record.
        now: seconds since the epoch.
    """

    name: str
    now: float


def find(ledger: SubmissionLedger, name: str) -> Submission:
    """Finds a submission by `case/attempt/ordinal`, a unique beginning of that, or its tag.

    Raises:
        BadInput: when none is meant, or several are.
    """
    rows = ledger.submissions()
    exact = [row for row in rows if name in (str(row.key), row.tag)]
    matches = exact or [row for row in rows if name and str(row.key).startswith(name)]
    if not matches:
        raise BadInput(
            f"no submission {name!r}: expected case/attempt/ordinal or a tag, see `tierwise jobs --all`"
        )
    if len(matches) > 1:
        some = ", ".join(str(row.key) for row in matches[:LISTED])
        raise BadInput(
            f"{name!r} means {len(matches)} submissions: expected one of {some}"
            f"{', …' * (len(matches) > LISTED)}"
        )
    return matches[0]


def park(ledger: SubmissionLedger, row: Submission, who: Person) -> Submission:
    """Takes a submission out of the machine's hands; its job, if there is one, goes on."""
    _check(row, S.PARKED, "park", (S.SUBMITTED, S.DOUBTED))
    return ledger.move(row, S.PARKED, who.now, Who.PERSON, reason=f"parked by {who.name}")


def look(ledger: SubmissionLedger, row: Submission, who: Person) -> Submission:
    """Gives a parked submission back: its job is asked after, or, where none is known, looked for anew.

    A job that is known is never looked for by tag, because finding none leads to one more POST.
    """
    _check(row, S.DOUBTED, "look for", (S.PARKED,))
    target = S.DOUBTED if row.job_id is None else S.SUBMITTED
    return ledger.move(row, target, who.now, Who.PERSON, job=None, reason="")


def adopt(
    ledger: SubmissionLedger, backend: PaidBackend, row: Submission, job_id: str, who: Person
) -> Submission:
    """Takes a job for that of a parked submission, once the service said that it has the submission's tag.

    Raises:
        BadInput: when the service does not know the job, or it carries another tag.
        BackendError: when the service cannot be asked.
    """
    _check(row, S.SUBMITTED, "adopt a job for", (S.PARKED,))
    try:
        job = (backend.at(row.frozen) or backend).look(job_id)
    except BackendError as error:
        if error.retry:
            raise
        raise BadInput(f"job {job_id}: expected one that the service knows, got: {error}") from None
    if row.tag not in job.tags:
        got = ", ".join(job.tags) or "none"
        raise BadInput(f"job {job_id} is not of {row.key}: expected the tag {row.tag}, got {got}")
    return ledger.move(row, S.SUBMITTED, who.now, Who.PERSON, job_id=job.job_id, job=None, reason="")


def cancel(ledger: SubmissionLedger, row: Submission, who: Person, open_backend: Open) -> Submission:
    """Gives the work up: has its driver or `reconcile` do so, or, where it is parked, does so here and now.

    Raises:
        BadInput: when it is over already.
    """
    if row.state.final or row.state in (S.FETCHED, S.SETTLED):
        raise BadInput(
            f"{row.key} is {row.state}: expected a submission whose job is not final, nothing to cancel"
        )
    if row.state is not S.PARKED:
        return ledger.amend(row, cancel_wanted=True)
    backend = open_backend(row.backend)
    lines = _stop_jobs(backend.at(row.frozen) or backend, row)
    reason = f"given up by {who.name}; it was parked: {row.reason}"
    incidents = (*row.incidents, *(line for line in lines if line not in row.incidents))
    return ledger.move(
        row, S.CANCELLED, who.now, Who.PERSON, reason=reason, incidents=incidents, cancel_wanted=True
    )


def bill(ledger: SubmissionLedger, row: Submission, qpu_s: float, usd: float, who: Person) -> Submission:
    """Closes the books with what the service's own bill says: of work that was given up, or is settled.

    Raises:
        BadInput: when the work is neither, or the bill is negative or no number.
    """
    if not (isfinite(qpu_s) and isfinite(usd)):
        raise BadInput(f"{row.key}: expected a bill in numbers, got {qpu_s:g} s, {usd:g} USD")
    return ledger.bill_by_hand(row, qpu_s, usd, who.name)


def _stop_jobs(backend: PaidBackend, row: Submission) -> list[str]:
    """Has the service stop whatever it has of the work; says what could not be stopped or was not listed."""
    try:
        final_by_id = {job.job_id: job.state.final for job in backend.find(row.tag, row.batches)}
    except BackendError as error:
        final_by_id = {}
        lines = [f"given up without knowing what the service has of it: {error}"]
    else:
        lines = []
    if row.job_id is not None:
        final_by_id.setdefault(row.job_id, False)
    for job_id, final in final_by_id.items():
        if final:
            lines.append(f"job {job_id} had ended when the work was given up: it may have been charged")
            continue
        try:
            backend.cancel_job(job_id)
        except BackendError as error:
            lines.append(f"job {job_id} could not be cancelled when the work was given up: {error}")
        else:
            lines.append(f"job {job_id} was told to stop when the work was given up")
    return lines


def _check(row: Submission, target: S, verb: str, sources: tuple[S, ...]) -> None:
    if row.state not in sources:
        expected = " or ".join(sources)
        raise CaseConflict(f"cannot {verb} {row.key} (to {target}): expected it {expected}, got {row.state}")


__all__ = ["Open", "Person", "adopt", "cancel", "find", "look", "park"]
