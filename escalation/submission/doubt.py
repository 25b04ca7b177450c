"""A POST that nobody knows the fate of: what the strategies have in common in finding it out."""

from escalation.model.errors import BackendError
from escalation.model.submission import Marks, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.submission.adoption import adopt
from escalation.submission.context import Step, SubmissionContext, end, move, park
from escalation.submission.posting import LEAVE_S

ROUNDS = 3
"""POSTs in doubt before a person is asked: a service that loses three in a row is not well."""


def listing(
    ctx: SubmissionContext, row: Submission, settling: Marks, settle_s: float, unsettled: str
) -> Step | None:
    """Adopts the job that the service lists; None where it lists none and can list none any more.

    Args:
        ctx: the submission's context.
        row: the submission.
        settling: since when no POST can leave or enter any more.
        settle_s: seconds after which one that did is listed.
        unsettled: what a person is told where that is not known to have begun.
    """
    settled_s = ctx.age_s(settling)  # at the listing, which takes its time
    try:
        jobs = ctx.backend.find(row.tag, row.batches)
    except BackendError as error:
        return patience(ctx, row, str(error))
    if jobs:
        return Step(adopt(ctx, row, jobs))
    if settled_s is None:
        return patience(ctx, row, unsettled)
    left_s = settle_s - settled_s
    return Step(row, min(left_s, ctx.settings.poll_s * 4)) if left_s > 0 else None


def keyed_listing(ctx: SubmissionContext, row: Submission) -> Step | None:
    """The same where no batch keeps a late POST out: settled is what was sent long enough ago."""
    row = ctx.ledger.amend(row, settling=ctx.mark(row.settling))
    return listing(ctx, row, row.settling, ctx.settings.settle_s + LEAVE_S, "")


def nothing_there(ctx: SubmissionContext, row: Submission) -> Step:
    """The service has no job, and will have none of what was sent: another POST, or the end."""
    if over := not_wanted(ctx, row):
        return over
    if lost(row):
        return park(ctx, row, f"{ROUNDS} POSTs were lost one after the other ({row.reason})")
    return Step(move(ctx, row, S.AUTHORISED, round=row.round + 1))


def not_wanted(ctx: SubmissionContext, row: Submission) -> Step | None:
    """Ends work that nobody wants any more, or that the service refused for good."""
    if row.cancel_wanted:
        return end(ctx, row, S.CANCELLED, "cancelled; the service has no job of it")
    return end(ctx, row, S.REFUSED, row.reason) if row.declined else None


def lost(row: Submission) -> bool:
    """Whether no further POST is made; a person who has it looked for again allows one more."""
    return row.round + 1 >= ROUNDS and bool(row.reason)


def other_strategy(ctx: SubmissionContext, row: Submission) -> Step | None:
    """What was sent in another way than the machine has now is looked for, and never sent again."""
    now = ctx.backend.exactly_once.name
    if row.exactly_once == now:
        return None
    reason = f"it was sent by way of {row.exactly_once}, and the backend has {now} now"
    return keyed_listing(ctx, row) or park(ctx, row, reason)


def patience(ctx: SubmissionContext, row: Submission, why: str) -> Step:
    """Tries again later, or leaves it to a person where that has gone on for too long."""
    row = ctx.ledger.amend(row, entered=ctx.mark(row.entered))
    ages = [ctx.age_s(row.entered), ctx.age_s((ctx.since,)) if ctx.since else None]
    if min(age for age in ages if age is not None) > ctx.settings.doubt_s:
        return park(ctx, row, why)
    return Step(row, ctx.settings.poll_s * 2)
