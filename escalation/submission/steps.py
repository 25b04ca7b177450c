"""The steps of a submission: one function a state, each at most one dangerous exchange with the service.

What is about to happen is in the ledger before it happens, and what happened right after. A step that is
begun again after a crash therefore finds either that nothing was sent, or that something may have been; the
second is never answered by sending again, but by closing the fence and looking.
"""

from collections.abc import Callable

from escalation.model.errors import BackendError
from escalation.model.metered import CHARGED
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy import floor
from escalation.ports.paid import Answered, Declined, NotSent
from escalation.submission.adoption import adopt
from escalation.submission.context import Handing, Step, end, move, park
from escalation.submission.following import bill, cancel, fetch, follow, settle
from escalation.submission.keeping import keep_calibration, kept_payload
from escalation.submission.repricing import dearer, repriced

ROUNDS = 3
"""Fences that are tried before a person is asked: a service that loses three POSTs in a row is not well."""
SENDS = 12
"""POSTs that may fail to leave this machine before the work is refused."""
LONGEST_HELD_S = 3600.0
"""Seconds that a service is given which asks for more."""
FENCE_S = 300.0
"""Seconds after which an unused fence is given up: services close idle batches by themselves."""
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


def batch(h: Handing, row: Submission) -> Step:
    """Opens a batch and records it, before anything is sent into it; not before the service wants one."""
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled before anything was sent")
    if why := floor.breach(h.ledger, h.settings, row, h.backend):
        return end(h, row, S.REFUSED, why)
    if why := dearer(h, row):
        return Step(move(h, row, S.FROZEN, reason=why))
    row, left_s = _held(h, row)
    if left_s > 0:
        return Step(row, left_s)
    opened = h.backend.open_batch()
    return Step(move(h, row, S.FENCED, batches=(*row.batches, opened), batch_closed_at=None, closed=()))


def _held(h: Handing, row: Submission) -> tuple[Submission, float]:
    """Seconds for which the service does not want to be sent anything; all of them anew after a reboot."""
    if not row.held_s:
        return row, 0.0
    row = h.ledger.amend(row, held=h.mark(row.held))
    return row, row.held_s - (h.age_s(row.held) or 0.0)


def send(h: Handing, row: Submission) -> Step:
    """POSTs the frozen bytes into the fence, once; the intention to do so is in the ledger before.

    What was answered decides when there may be another POST and whether there should be; whether there is a
    job is for `find_out` to learn, unless the answer names one, or nothing left this machine.
    """
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled before anything was sent")
    age_s = h.age_s(row.entered)
    why = floor.breach(h.ledger, h.settings, row, h.backend) or dearer(h, row)  # the next step says no
    if why or age_s is None or age_s > FENCE_S:
        return Step(move(h, row, S.AUTHORISED, reason=why))
    payload = kept_payload(h.store, row)
    kept = keep_calibration(h, row, "submission", h.backend.calibration())
    assert row.batch is not None
    batch = row.batch
    about = {"sends": row.sends + 1, "sent_at": row.sent_at or h.clock(), "calibrations": kept}
    row = move(h, row, S.SENDING, **about, declined=False, held=(), held_s=0.0)
    try:
        job = h.backend.send(payload, batch)
    except NotSent as error:
        return _not_sent(h, row, error)
    except Exception as error:  # whatever it was, the POST may have got through
        return _answered(h, row, error)
    return Step(move(h, row, S.SUBMITTED, job_id=job.job_id, reason=""))


def _not_sent(h: Handing, row: Submission, error: NotSent) -> Step:
    if not error.retry or row.sends >= SENDS:
        return end(h, row, S.REFUSED, str(error))
    nap_s = h.settings.poll_s * 2 ** min(row.sends, 5)
    return Step(move(h, row, S.FENCED, reason=str(error)), nap_s)


def _answered(h: Handing, row: Submission, error: Exception) -> Step:
    """Notes what was answered: whether another POST makes sense, and when; not whether there is a job."""
    said = str(error) if isinstance(error, BackendError) else type(error).__name__
    no = isinstance(error, Declined) and not error.retry
    asked_s = (error.after_s or 0.0) if isinstance(error, Answered) else 0.0
    held_s = min(max(asked_s, 0.0), LONGEST_HELD_S)
    held = h.mark() if held_s else ()
    return Step(move(h, row, S.DOUBTED, reason=said, declined=no, held=held, held_s=held_s))


def doubt(h: Handing, row: Submission) -> Step:
    """Finds a POST announced and no answer: its sender died."""
    return Step(move(h, row, S.DOUBTED, reason="the sender died in the POST"))


def find_out(h: Handing, row: Submission) -> Step:
    """Closes the fence, lists, adopts; more only when nothing is listed after the settling time."""
    row, closed = _closed(h, row)
    settled_s = h.age_s(row.closed)  # at the listing, which takes its time
    try:
        jobs = h.backend.find(row.tag, row.batches)
    except BackendError as error:
        return _patience(h, row, str(error))
    if jobs:
        return Step(adopt(h, row, jobs))
    if not closed or settled_s is None:
        return _patience(h, row, f"the service does not confirm that batch {row.batch} is closed")
    left_s = h.settings.settle_s - settled_s
    return Step(row, min(left_s, h.settings.poll_s * 4)) if left_s > 0 else _nothing_listed(h, row)


def _nothing_listed(h: Handing, row: Submission) -> Step:
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled; the service has no job of it")
    if row.declined:
        return end(h, row, S.REFUSED, row.reason)
    if row.round + 1 >= ROUNDS and row.reason:  # a person who has it looked for again allows one more POST
        return park(h, row, f"{ROUNDS} POSTs were lost one after the other ({row.reason})")
    return Step(move(h, row, S.AUTHORISED, round=row.round + 1))


def _closed(h: Handing, row: Submission) -> tuple[Submission, bool]:
    """Has the last fence closed; whether the service confirms it. What cannot be asked is not confirmed."""
    if row.batch_closed_at is None:
        assert row.batch is not None
        try:
            if not h.backend.close_batch(row.batch):
                return row, False
        except BackendError:
            return row, False
        row = h.ledger.amend(row, batch_closed_at=h.clock())
    return h.ledger.amend(row, closed=h.mark(row.closed)), True


def _patience(h: Handing, row: Submission, why: str) -> Step:
    row = h.ledger.amend(row, entered=h.mark(row.entered))
    ages = [h.age_s(row.entered), h.age_s((h.since,)) if h.since else None]
    if min(age for age in ages if age is not None) > h.settings.doubt_s:
        return park(h, row, why)
    return Step(row, h.settings.poll_s * 2)


Take = Callable[[Handing, Submission], Step]

_STEPS: dict[S, tuple[str, Take]] = {
    S.WANTED: ("freeze", freeze),
    S.FROZEN: ("authorise", authorise),
    S.ASKED: ("authorise", authorise),
    S.AUTHORISED: ("fence", batch),
    S.FENCED: ("submit", send),
    S.SENDING: ("doubt", doubt),
    S.DOUBTED: ("find out", find_out),
    S.SUBMITTED: ("wait", follow),
    S.FETCHED: ("settle", settle),
    S.SETTLED: ("bill", bill),
}


def next_step(h: Handing, row: Submission) -> tuple[str, Take]:
    """The name of the step that leads on, and the step; raises `KeyError` where there is none."""
    if row.state is S.SUBMITTED and row.job is not None:
        return "fetch", fetch
    if row.state is S.SUBMITTED and row.cancel_wanted and h.now_s >= h.tell_due:
        return "cancel", cancel
    return _STEPS[row.state]
