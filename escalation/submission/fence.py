"""The strategy `Fence`: a job goes into a batch of its own, which is closed as soon as there is any doubt."""

from escalation.model.errors import BackendError
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.paid import FencedBackend
from escalation.submission.context import Step, SubmissionContext, end, move
from escalation.submission.doubt import listing, nothing_there, other_strategy
from escalation.submission.posting import forbidden, not_yet, submit

BATCH_S = 300.0
"""Seconds after which an unused batch is given up: services close idle batches by themselves."""


def open_batch(ctx: SubmissionContext, row: Submission) -> Step:
    """Opens a batch and records it, before anything is sent into it; not before the service wants one."""
    if instead := not_yet(ctx, row):
        return instead
    opened = _machine(ctx).open_batch()
    return Step(move(ctx, row, S.FENCED, batches=(*row.batches, opened), batch_closed_at=None, settling=()))


def send(ctx: SubmissionContext, row: Submission) -> Step:
    """POSTs the frozen bytes into the batch, once; the intention to do so is in the ledger before."""
    if row.cancel_wanted:
        return end(ctx, row, S.CANCELLED, "cancelled before anything was sent")
    age_s, why = ctx.age_s(row.entered), forbidden(ctx, row)  # the next step says no
    if why or age_s is None or age_s > BATCH_S:
        return Step(move(ctx, row, S.AUTHORISED, reason=why))
    machine, batch = _machine(ctx), row.batch
    assert batch is not None
    return submit(ctx, row, lambda payload: machine.send(payload, batch), S.FENCED)


def find_out(ctx: SubmissionContext, row: Submission) -> Step:
    """Closes the batch, lists, adopts; more only when nothing is listed after the settling time."""
    if changed := other_strategy(ctx, row):
        return changed
    row, closed = _closed(ctx, row)
    unsettled = f"the service does not confirm that batch {row.batch} is closed"
    settling = row.settling if closed else ()
    return listing(ctx, row, settling, ctx.settings.settle_s, unsettled) or nothing_there(ctx, row)


def _closed(ctx: SubmissionContext, row: Submission) -> tuple[Submission, bool]:
    """Has the last batch closed; whether the service confirms it. What cannot be asked is not confirmed."""
    if row.batch_closed_at is None:
        assert row.batch is not None
        try:
            if not _machine(ctx).close_batch(row.batch):
                return row, False
        except BackendError:
            return row, False
        row = ctx.ledger.amend(row, batch_closed_at=ctx.clock())
    return ctx.ledger.amend(row, settling=ctx.mark(row.settling)), True


def _machine(ctx: SubmissionContext) -> FencedBackend:
    assert isinstance(ctx.backend, FencedBackend)
    return ctx.backend
