"""The steps of a submission: one function a state, each at most one dangerous exchange with the service.

What is about to happen is in the ledger before it happens, and what happened right after. A step that is
begun again after a crash therefore finds either that nothing was sent, or that something may have been; what
is done about the second is the strategy's that the machine declares (`escalation.ports.exactly_once`).
"""

from collections.abc import Callable, Mapping

from escalation.model.errors import BackendError
from escalation.model.metered import CHARGED
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy import floor
from escalation.ports.exactly_once import ChosenId, ClientToken, Fence
from escalation.submission import chosen_id, client_token, fence
from escalation.submission.context import Step, SubmissionContext, end, move
from escalation.submission.evidence import keep_calibration
from escalation.submission.following import bill, cancel, fetch, follow, settle
from escalation.submission.repricing import dearer, repriced
from escalation.submission.restored import look, to_be_looked_for
from escalation.text.rounding import Way, rounded

ROUNDING = 1.01
"""A price may pass its quote by this factor: it was quoted under an earlier calibration."""


def freeze(ctx: SubmissionContext, row: Submission) -> Step:
    """Prices the work and puts the exact bytes to be sent into the store."""
    if row.cancel_wanted:
        return end(ctx, row, S.CANCELLED, "cancelled before anything was sent")
    try:
        calibration = ctx.backend.calibration()
        price = ctx.backend.price(ctx.work)
        payload = ctx.backend.freeze(ctx.work, row.tag, price)
    except BackendError as error:
        if error.retry:
            raise
        return end(ctx, row, S.REFUSED, str(error))
    if ctx.quote is not None and (more := ctx.quote.amounts.beyond(price.expected, CHARGED, ROUNDING)):
        return end(ctx, row, S.REFUSED, f"{more}, so it was not sent")
    ctx.store.put(payload.body.data)
    return Step(
        move(
            ctx,
            row,
            S.FROZEN,
            payload=payload.digest,
            frozen=payload.describe(),
            price=price,
            calibrations=keep_calibration(ctx, row, "decision", calibration),
        )
    )


def authorise(ctx: SubmissionContext, row: Submission) -> Step:
    """Uses up the approval, where one is needed, and reserves the job's cap; or asks, or refuses."""
    if row.cancel_wanted:
        return end(ctx, row, S.CANCELLED, "cancelled before anything was sent")
    assert row.price is not None
    if why := floor.forbids(ctx.ledger, ctx.settings, row.case_id, ctx.backend, row.backend):
        return end(ctx, row, S.REFUSED, why)
    left_s, note = ctx.backend.quota_left()
    if left_s is not None and left_s < row.price.cap.qpu_s:
        short = (
            f"the service's quota has {rounded(left_s, Way.DOWN)} s left ({note}), the job may take "
            f"{rounded(row.price.cap.qpu_s)} s"
        )
        return end(ctx, row, S.REFUSED, short)
    before, row = row, repriced(ctx, row)
    question = ctx.question(row) if ctx.question else None
    if question is None and (why := dearer(ctx, before)):  # it was quoted at less, and nobody is asked
        return end(ctx, row, S.REFUSED, why)
    _, row = ctx.ledger.authorise(row, question, ctx.limit, ctx.settings.project, ctx.clock())
    return Step(row)


def withdraw(ctx: SubmissionContext, row: Submission) -> Step:
    """Leaves a batch that nothing was sent into: the machine uses none any more."""
    return Step(move(ctx, row, S.AUTHORISED))


def doubt(ctx: SubmissionContext, row: Submission) -> Step:
    """Finds a POST announced and no answer: its sender died."""
    return Step(move(ctx, row, S.DOUBTED, reason="the sender died in the POST"))


Take = Callable[[SubmissionContext, Submission], Step]

_STEPS: dict[S, tuple[str, Take]] = {
    S.WANTED: ("freeze", freeze),
    S.FROZEN: ("authorise", authorise),
    S.ASKED: ("authorise", authorise),
    S.FENCED: ("withdraw", withdraw),
    S.SENDING: ("doubt", doubt),
    S.SUBMITTED: ("wait", follow),
    S.FETCHED: ("settle", settle),
    S.SETTLED: ("bill", bill),
}
_OF_STRATEGY: Mapping[type, Mapping[S, tuple[str, Take]]] = {
    Fence: {
        S.AUTHORISED: ("fence", fence.open_batch),
        S.FENCED: ("submit", fence.send),
        S.DOUBTED: ("find out", fence.find_out),
    },
    ClientToken: {
        S.AUTHORISED: ("submit", client_token.send),
        S.DOUBTED: ("find out", client_token.find_out),
    },
    ChosenId: {
        S.AUTHORISED: ("submit", chosen_id.send),
        S.DOUBTED: ("find out", chosen_id.find_out),
    },
}
"""Where the strategies differ: how the work is sent, and what is done where nobody knows whether it was."""


def next_step(ctx: SubmissionContext, row: Submission) -> tuple[str, Take]:
    """The name of the step that leads on, and the step; raises `KeyError` where there is none."""
    if to_be_looked_for(ctx, row):
        return "look", look
    if row.state is S.SUBMITTED and row.job is not None:
        return "fetch", fetch
    if row.state is S.SUBMITTED and row.cancel_wanted and ctx.now_s >= ctx.tell_due:
        return "cancel", cancel
    return {**_STEPS, **_OF_STRATEGY[type(ctx.backend.exactly_once)]}[row.state]
