"""The steps of a hand-off: one function a state, each at most one dangerous exchange with the service.

What is about to happen is in the ledger before it happens, and what happened right after. A step that is
begun again after a crash therefore finds either that nothing was sent, or that something may have been; the
second is never answered by sending again, but by closing the fence and looking.
"""

from collections.abc import Callable
from contextlib import suppress
from math import inf

from escalation import floor
from escalation.errors import BackendError
from escalation.handoff.adoption import adopt, cancel_others
from escalation.handoff.handing import Handing, Step
from escalation.handoff.keeping import fidelity_lost, keep_calibration, kept_payload, record
from escalation.handoff.model import Handoff
from escalation.handoff.service import NotAccepted, Unreadable
from escalation.handoff.states import HandoffState as S
from escalation.quote import Quote
from escalation.work import JobState, RawResult

ROUNDS = 3
"""Fences that are tried before a person is asked: a service that loses three POSTs in a row is not well."""
SENDS = 12
"""POSTs that a service may definitely not accept before the work is refused."""
READS = 4
"""Times that an unreadable result is asked for again."""
FENCE_S = 300.0
"""Seconds after which an unused fence is given up: services close idle batches by themselves."""
TELL_POLLS = 3
"""Polls' worth of time before a service that did not hear it is told again to stop a job."""
DRIFT_POLLS = 20
"""Polls' worth of time between two looks at the calibration: it is large, and changes at most hourly."""
ROUNDING = 1.01
"""A price may pass its quote by this factor: it was quoted under an earlier calibration."""


def freeze(h: Handing, row: Handoff) -> Step:
    """Prices the work and puts the exact bytes to be sent into the store."""
    if row.cancel_wanted:
        return _end(h, row, S.CANCELLED, "cancelled before anything was sent")
    try:
        found = h.backend.calibration()
        price = h.backend.price(h.work)
        payload = h.backend.freeze(h.work, row.tag, price)
    except BackendError as error:
        if error.retry:
            raise
        return _end(h, row, S.REFUSED, str(error))
    if h.quote is not None and not _within(price.qpu_s, price.usd, h.quote):
        more = f"{price.qpu_s:g} QPU seconds and {price.usd:.2f} USD are more than was quoted"
        return _end(h, row, S.REFUSED, f"{more}, so it was not sent")
    h.store.put(payload.body.data)
    return Step(
        h.ledger.move(
            row,
            S.FROZEN,
            h.clock(),
            payload=payload.digest,
            frozen=payload.describe(),
            price=price,
            calibrations=keep_calibration(h, row, "decision", found),
        )
    )


def authorise(h: Handing, row: Handoff) -> Step:
    """Uses up the approval, where one is needed, and reserves the job's cap; or asks, or refuses."""
    if row.cancel_wanted:
        return _end(h, row, S.CANCELLED, "cancelled before anything was sent")
    assert row.price is not None
    if why := floor.forbids(h.ledger, h.settings, row.case_id, h.backend, row.backend):
        return _end(h, row, S.REFUSED, why)
    left_s, said = h.backend.quota_left()
    if left_s is not None and left_s < row.price.cap_qpu_s:
        short = (
            f"the service's quota has {left_s:g} s left ({said}), the job may take {row.price.cap_qpu_s:g} s"
        )
        return _end(h, row, S.REFUSED, short)
    question = h.question(row) if h.question else None
    _, row = h.ledger.authorise(row, question, h.limit, h.settings.project, h.clock())
    return Step(row)


def fence(h: Handing, row: Handoff) -> Step:
    """Opens a batch and records it, before anything is sent into it."""
    if row.cancel_wanted:
        return _end(h, row, S.CANCELLED, "cancelled before anything was sent")
    if why := floor.breach(h.ledger, h.settings, row, h.backend):
        return _end(h, row, S.REFUSED, why)
    opened = h.backend.open_fence()
    return Step(h.ledger.move(row, S.FENCED, h.clock(), fences=(*row.fences, opened), fence_closed_at=None))


def send(h: Handing, row: Handoff) -> Step:
    """POSTs the frozen bytes into the fence, once; the intention to do so is in the ledger before."""
    if row.cancel_wanted:
        return _end(h, row, S.CANCELLED, "cancelled before anything was sent")
    why = floor.breach(h.ledger, h.settings, row, h.backend)  # the next step refuses it
    if why or h.clock() - row.since > FENCE_S:
        return Step(h.ledger.move(row, S.AUTHORISED, h.clock(), reason=why))
    payload = kept_payload(h.store, row)
    kept = keep_calibration(h, row, "submission", h.backend.calibration())
    assert row.fence is not None
    fence = row.fence
    row = h.ledger.move(
        row, S.SENDING, h.clock(), sends=row.sends + 1, sent_at=row.sent_at or h.clock(), calibrations=kept
    )
    try:
        job = h.backend.send(payload, fence)
    except NotAccepted as error:
        if error.retry and row.sends < SENDS:
            nap_s = error.after_s if error.after_s is not None else h.settings.poll_s * 2 ** min(row.sends, 5)
            return Step(h.ledger.move(row, S.FENCED, h.clock(), reason=str(error)), nap_s)
        return _end(h, row, S.REFUSED, str(error))
    except Exception as error:  # whatever it was, the POST may have got through
        said = str(error) if isinstance(error, BackendError) else type(error).__name__
        return Step(h.ledger.move(row, S.DOUBTED, h.clock(), reason=said))
    return Step(h.ledger.move(row, S.SUBMITTED, h.clock(), job_id=job.job_id, reason=""))


def doubt(h: Handing, row: Handoff) -> Step:
    """Finds a POST announced and no answer: its sender died."""
    return Step(h.ledger.move(row, S.DOUBTED, h.clock(), reason="the sender died in the POST"))


def find_out(h: Handing, row: Handoff) -> Step:
    """Closes the fence, lists, adopts; a new round only when nothing is listed after the settling time."""
    row, closed = _closed(h, row)
    asked_at = h.clock()
    try:
        jobs = h.backend.find(row.tag, row.fences)
    except BackendError as error:
        return _patience(h, row, str(error))
    if jobs:
        return Step(adopt(h.ledger, h.backend, row, jobs, h.clock()))
    if row.fence_closed_at is None or not closed:
        return _patience(h, row, f"the service does not confirm that batch {row.fence} is closed")
    left_s = row.fence_closed_at + h.settings.settle_s - asked_at
    return Step(row, min(left_s, h.settings.poll_s * 4)) if left_s > 0 else _nothing_listed(h, row)


def _nothing_listed(h: Handing, row: Handoff) -> Step:
    if row.cancel_wanted:
        return _end(h, row, S.CANCELLED, "cancelled; the service has no job of it")
    if row.round + 1 >= ROUNDS and row.reason:  # a person who has it looked for again allows one more POST
        return _park(h, row, f"{ROUNDS} POSTs were lost one after the other ({row.reason})")
    return Step(h.ledger.move(row, S.AUTHORISED, h.clock(), round=row.round + 1))


def follow(h: Handing, row: Handoff) -> Step:
    """Asks after the job, until it is final. Touches nothing of the submission."""
    assert row.job_id is not None
    try:
        job = h.backend.look(row.job_id)
    except BackendError as error:
        if error.retry:
            raise
        # A job that was just accepted may not be known everywhere yet.
        h.unknown_since = h.unknown_since or h.clock()
        if h.clock() - h.unknown_since < h.settings.settle_s:
            return Step(row, h.settings.poll_s)
        return _park(h, row, f"the service does not know job {row.job_id} any more: {error}")
    h.unknown_since = None
    if job.state.final:
        return Step(h.ledger.amend(row, job=job), state=job.state)
    if not row.cancel_wanted and job.state is JobState.QUEUED and (lost := _drift(h, row)):
        row = h.ledger.amend(row, cancel_wanted=True, reason=lost)
    return Step(row, h.settings.poll_s, job.state)


def cancel(h: Handing, row: Handoff) -> Step:
    """Tells the service to stop the job; what becomes of it is then asked as of any other."""
    assert row.job_id is not None
    h.tell_due = h.clock() + TELL_POLLS * h.settings.poll_s
    with suppress(BackendError):  # told again when that is due
        h.backend.cancel_job(row.job_id)
        h.tell_due = inf
    return Step(row)


def fetch(h: Handing, row: Handoff) -> Step:
    """Puts the raw text of a final job into the store before anything tries to understand it."""
    job = row.job
    assert job is not None
    raw = h.backend.fetch(job.job_id)
    digest = h.store.put(raw)
    try:
        h.read = (digest, h.backend.read(h.work, kept_payload(h.store, row), job, raw))
    except Unreadable as error:
        h.unreadable += 1
        if h.unreadable >= READS:
            where = f"its text is {digest} in the store"
            return _park(h, row, f"the result of job {job.job_id} cannot be read: {error}; {where}")
        return Step(row, h.settings.poll_s)
    return Step(h.ledger.move(row, S.FETCHED, h.clock(), raw=digest), state=job.state)


def settle(h: Handing, row: Handoff) -> Step:
    """Decodes the raw text and records the result, with calibrations, payload and usage beside it."""
    found = h.ledger.find_result(row.key, h.work)
    if found is None:
        assert row.job is not None
        assert row.raw is not None
        usage_s = h.backend.usage_qpu_s(row.job.job_id)
        if usage_s is None and h.clock() - row.since < h.settings.usage_s:
            return Step(row, h.settings.poll_s)
        ran = h.backend.calibration_for(row.job)
        row = h.ledger.amend(row, calibrations=keep_calibration(h, row, "run", ran), usage_qpu_s=usage_s)
        found = record(h, row, _decoded(h, row))
        h.ledger.settle(row.key, found)
    return Step(h.ledger.move(row, S.SETTLED, h.clock()))


def _decoded(h: Handing, row: Handoff) -> RawResult:
    """The result in the text that was kept; decoded already where this process fetched it."""
    assert row.job is not None
    assert row.raw is not None
    if h.read is not None and h.read[0] == row.raw:
        return h.read[1]
    return h.backend.read(h.work, kept_payload(h.store, row), row.job, h.store.get(row.raw))


def bill(h: Handing, row: Handoff) -> Step:
    """Bills what the service charged, once that is final, after a last look for jobs that should not be.

    The batch is closed before, so that nothing can come after the look.
    """
    assert row.job_id is not None
    usage_s = row.usage_qpu_s if row.usage_qpu_s is not None else h.backend.usage_qpu_s(row.job_id)
    if usage_s is None:
        return Step(row, h.settings.poll_s)
    if row.fence_closed_at is None and row.fence is not None and h.backend.close_fence(row.fence):
        row = h.ledger.amend(row, fence_closed_at=h.clock())
    others = [job for job in h.backend.find(row.tag, row.fences) if job.job_id != row.job_id]
    row = cancel_others(h.ledger, h.backend, row, others)
    return Step(h.ledger.bill(row, usage_s, h.backend.usd(usage_s), h.clock()))


def _closed(h: Handing, row: Handoff) -> tuple[Handoff, bool]:
    """Has the last fence closed; whether the service confirms it. What cannot be asked is not confirmed."""
    if row.fence_closed_at is not None:
        return row, True
    assert row.fence is not None
    try:
        if not h.backend.close_fence(row.fence):
            return row, False
    except BackendError:
        return row, False
    return h.ledger.amend(row, fence_closed_at=h.clock()), True


def _patience(h: Handing, row: Handoff, why: str) -> Step:
    if h.clock() - max(row.since, h.since) > h.settings.doubt_s:
        return _park(h, row, why)
    return Step(row, h.settings.poll_s * 2)


def _park(h: Handing, row: Handoff, why: str) -> Step:
    return Step(h.ledger.move(row, S.PARKED, h.clock(), reason=why))


def _end(h: Handing, row: Handoff, state: S, why: str) -> Step:
    return Step(h.ledger.move(row, state, h.clock(), reason=why))


def _within(qpu_s: float, usd: float, quote: Quote) -> bool:
    if quote.qpu_s is None or quote.usd is None:
        return False
    return qpu_s <= quote.qpu_s * ROUNDING and usd <= quote.usd * ROUNDING


def _drift(h: Handing, row: Handoff) -> str:
    """Says how the device drifted beyond the policy's limit since the submission; empty where it did not."""
    limit, now = h.rules.max_fidelity_loss, h.clock()
    if limit is None or now < h.drift_due:
        return ""
    h.drift_due = now + DRIFT_POLLS * h.settings.poll_s
    found = h.backend.calibration()
    if found is None or found.digest == row.calibrations.get("submission"):
        return ""
    lost = fidelity_lost(h, row, found)
    if lost is None or lost <= limit:
        return ""
    return (
        f"the device drifted while the job was queued: expected fidelity fell by {lost:.3g}, limit {limit:g}"
    )


Take = Callable[[Handing, Handoff], Step]

_STEPS: dict[S, tuple[str, Take]] = {
    S.WANTED: ("freeze", freeze),
    S.FROZEN: ("authorise", authorise),
    S.ASKED: ("authorise", authorise),
    S.AUTHORISED: ("fence", fence),
    S.FENCED: ("submit", send),
    S.SENDING: ("doubt", doubt),
    S.DOUBTED: ("find out", find_out),
    S.SUBMITTED: ("wait", follow),
    S.FETCHED: ("settle", settle),
    S.SETTLED: ("bill", bill),
}


def next_step(h: Handing, row: Handoff) -> tuple[str, Take]:
    """The name of the step that leads on, and the step; raises `KeyError` where there is none."""
    if row.state is S.SUBMITTED and row.job is not None:
        return "fetch", fetch
    if row.state is S.SUBMITTED and row.cancel_wanted and h.clock() >= h.tell_due:
        return "cancel", cancel
    return _STEPS[row.state]
