"""One POST: when it may be made, what is on record before it, and what each answer to it means."""

from collections.abc import Callable
from typing import Any

from escalation.model.errors import BackendError
from escalation.model.submission import Payload, RemoteJob, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy import floor
from escalation.ports.paid import Answered, Declined, KeyedBackend, NotSent
from escalation.submission.context import Step, SubmissionContext, end, move
from escalation.submission.evidence import keep_calibration, kept_payload
from escalation.submission.repricing import dearer

SENDS = 12
"""POSTs that may fail to leave this machine before the work is refused."""
LONGEST_HELD_S = 3600.0
"""Seconds that a service is given which asks for more."""
LEAVE_S = 30.0
"""Seconds after its announcement in which a POST that no batch can keep out may leave this machine."""

Post = Callable[[Payload], RemoteJob]


def not_yet(ctx: SubmissionContext, row: Submission) -> Step | None:
    """What comes instead of a first POST: it is not wanted, allowed or agreed to any more, or too early."""
    if row.cancel_wanted:
        return end(ctx, row, S.CANCELLED, "cancelled before anything was sent")
    if why := floor.breach(ctx.ledger, ctx.settings, row, ctx.backend):
        return end(ctx, row, S.REFUSED, why)
    if why := dearer(ctx, row):
        return Step(move(ctx, row, S.FROZEN, reason=why))
    row, left_s = held(ctx, row)
    return Step(row, left_s) if left_s > 0 else None


def forbidden(ctx: SubmissionContext, row: Submission) -> str:
    """Says why the frozen bytes may not be sent now, by the floor or for their price; empty if they may."""
    return floor.breach(ctx.ledger, ctx.settings, row, ctx.backend) or dearer(ctx, row)


def held(ctx: SubmissionContext, row: Submission) -> tuple[Submission, float]:
    """Seconds for which the service does not want to be sent anything; all of them anew after a reboot."""
    if not row.held_s:
        return row, 0.0
    row = ctx.ledger.amend(row, held=ctx.mark(row.held))
    return row, row.held_s - (ctx.age_s(row.held) or 0.0)


def submit(ctx: SubmissionContext, row: Submission, post: Post, back: S, **noted: Any) -> Step:
    """Announces a POST in the ledger, makes it, and notes what was answered.

    What was answered decides when there may be another POST and whether there should be; whether there is a
    job is for the strategy to learn, unless the answer names one, or nothing left this machine.

    Args:
        ctx: the submission's context.
        row: the submission.
        post: makes the POST.
        back: where it goes when nothing left this machine, and may later.
        noted: what else is put on record before.
    """
    payload = kept_payload(ctx.store, row)
    kept = keep_calibration(ctx, row, "submission", ctx.backend.calibration())
    about = {"sends": row.sends + 1, "sent_at": row.sent_at or ctx.clock(), "calibrations": kept, **noted}
    strategy = ctx.backend.exactly_once.name
    row = move(ctx, row, S.SENDING, **about, exactly_once=strategy, declined=False, held=(), held_s=0.0)
    try:
        job = post(payload)
    except NotSent as error:
        return _not_sent(ctx, row, error, back)
    except Exception as error:  # whatever it was, the POST may have got through
        return Step(move(ctx, row, S.DOUBTED, **answered(ctx, error)))
    return Step(move(ctx, row, S.SUBMITTED, job_id=job.job_id, reason=""))


def keyed(ctx: SubmissionContext, row: Submission) -> Post:
    """Makes a POST under the submission's tag, which leaves this machine soon from now or not at all."""
    backend, announced_s = ctx.backend, ctx.now_s
    assert isinstance(backend, KeyedBackend)
    return lambda payload: backend.send(payload, row.tag, lambda: ctx.now_s - announced_s <= LEAVE_S)


def answered(ctx: SubmissionContext, error: Exception) -> dict[str, Any]:
    """Note of an answer: whether another POST makes sense, and when; not whether there is a job."""
    reason = str(error) if isinstance(error, BackendError) else type(error).__name__
    declined = isinstance(error, Declined) and not error.retry
    asked_s = (error.after_s or 0.0) if isinstance(error, Answered) else 0.0
    held_s = min(max(asked_s, 0.0), LONGEST_HELD_S)
    return {"reason": reason, "declined": declined, "held": ctx.mark() if held_s else (), "held_s": held_s}


def _not_sent(ctx: SubmissionContext, row: Submission, error: NotSent, back: S) -> Step:
    if not error.retry or row.sends >= SENDS:
        return end(ctx, row, S.REFUSED, str(error))
    nap_s = ctx.settings.poll_s * 2 ** min(row.sends, 5)
    return Step(move(ctx, row, back, reason=str(error)), nap_s)
