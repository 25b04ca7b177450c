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
from escalation.submission.context import Handing, Step, end, move
from escalation.submission.following import bill, cancel, fetch, follow, settle
from escalation.submission.keeping import keep_calibration
from escalation.submission.repricing import dearer, repriced

ROUNDING = 1.01
"""A price may pass its quote by this factor: it was quoted under an earlier calibration."""


def freeze(h: Handing, row: Submission) -> Step:
    """Prices the work and puts the exact bytes to be sent into the store."""
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled before anything was sent")
    try:
        found = h.backend.calibration()
        price = h.backend.price(h.work)
        payload = h.backend.freeze(h.work, row.tag, price)
    except BackendError as error:
        if error.retry:
            raise
        return end(h, row, S.REFUSED, str(error))
    if h.quote is not None and (more := h.quote.amounts.beyond(price.expected, CHARGED, ROUNDING)):
        return end(h, row, S.REFUSED, f"{more}, so it was not sent")
    h.store.put(payload.body.data)
    return Step(
        move(
            h,
            row,
            S.FROZEN,
            payload=payload.digest,
            frozen=payload.describe(),
            price=price,
            calibrations=keep_calibration(h, row, "decision", found),
        )
    )


def authorise(h: Handing, row: Submission) -> Step:
    """Uses up the approval, where one is needed, and reserves the job's cap; or asks, or refuses."""
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled before anything was sent")
    assert row.price is not None
    if why := floor.forbids(h.ledger, h.settings, row.case_id, h.backend, row.backend):
        return end(h, row, S.REFUSED, why)
    left_s, said = h.backend.quota_left()
    if left_s is not None and left_s < row.price.cap.qpu_s:
        short = (
            f"the service's quota has {left_s:g} s left ({said}), the job may take {row.price.cap.qpu_s:g} s"
        )
        return end(h, row, S.REFUSED, short)
    before, row = row, repriced(h, row)
    question = h.question(row) if h.question else None
    if question is None and (why := dearer(h, before)):  # it was quoted at less, and nobody is asked
        return end(h, row, S.REFUSED, why)
    _, row = h.ledger.authorise(row, question, h.limit, h.settings.project, h.clock())
    return Step(row)


def withdraw(h: Handing, row: Submission) -> Step:
    """Leaves a batch that nothing was sent into: the machine uses none any more."""
    return Step(move(h, row, S.AUTHORISED))


def doubt(h: Handing, row: Submission) -> Step:
    """Finds a POST announced and no answer: its sender died."""
    return Step(move(h, row, S.DOUBTED, reason="the sender died in the POST"))


Take = Callable[[Handing, Submission], Step]

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


def next_step(h: Handing, row: Submission) -> tuple[str, Take]:
    """The name of the step that leads on, and the step; raises `KeyError` where there is none."""
    if row.state is S.SUBMITTED and row.job is not None:
        return "fetch", fetch
    if row.state is S.SUBMITTED and row.cancel_wanted and h.now_s >= h.tell_due:
        return "cancel", cancel
    return {**_STEPS, **_OF_STRATEGY[type(h.backend.exactly_once)]}[row.state]
