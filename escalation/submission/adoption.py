"""Jobs found again at the service: the earliest is ours, every other one is an incident."""

from collections.abc import Iterable, Sequence

from escalation.model.errors import BackendError
from escalation.model.submission import RemoteJob, Submission
from escalation.model.submission_states import SubmissionState
from escalation.ports.ledger.submissions import SubmissionLedger
from escalation.ports.paid import PaidBackend
from escalation.submission.context import SubmissionContext, move

MOST = 20
"""Jobs that are cancelled and noted: a service may list what it likes, and POSTs are few."""


def adopt(ctx: SubmissionContext, row: Submission, jobs: Sequence[RemoteJob]) -> Submission:
    """Takes the earliest of the jobs for ours, and cancels the rest where they still can be."""
    first, *others = jobs
    row = move(ctx, row, SubmissionState.SUBMITTED, job_id=first.job_id, job=None, reason="")
    return cancel_others(ctx.ledger, ctx.backend, row, others)


def cancel_others(
    ledger: SubmissionLedger, backend: PaidBackend, row: Submission, others: Iterable[RemoteJob]
) -> Submission:
    """Cancels jobs that should not be, and notes each as an incident; those noted before are left alone."""
    new = [job for job in others if not any(job.job_id in line for line in row.incidents)]
    room = max(0, MOST - len(row.incidents))
    lines = [_line(backend, job) for job in new[:room]]
    if len(new) > room > 0:
        lines.append(f"{len(new) - room} jobs more are listed, which are left alone")
    return ledger.amend(row, incidents=(*row.incidents, *lines)) if lines else row


def _line(backend: PaidBackend, job: RemoteJob) -> str:
    what = f"a second job {job.job_id} of the same work was found, {job.state}"
    if job.state.final:
        return f"{what}: it may have been charged"
    try:
        backend.cancel_job(job.job_id)
    except BackendError as error:
        return f"{what}; it could not be cancelled: {error}"
    return f"{what}; it was told to stop"
