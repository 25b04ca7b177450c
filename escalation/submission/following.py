"""What follows a job: by its id and by what was frozen; the device it was sent to may be gone."""

from contextlib import suppress
from math import inf

from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import RemoteJob, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.paid import Calibrated, FencedBackend, Malformed, Unreadable
from escalation.submission.adoption import cancel_others
from escalation.submission.charging import Charge, charge
from escalation.submission.context import Handing, Step, move, park
from escalation.submission.keeping import fidelity_lost, keep_calibration, kept_payload, record

READS = 4
"""Times that an unreadable result is asked for again."""
TELL_POLLS = 3
"""Polls' worth of time before a service that did not hear it is told again to stop a job."""
DRIFT_POLLS = 20
"""Polls' worth of time between two looks at the calibration: it is large, and changes at most hourly."""
_FOREIGN = (
    "the service named job {job} for it, which carries neither its tag nor its batch; "
    "`tierwise jobs look` has its own looked for"
)


def follow(h: Handing, row: Submission) -> Step:
    """Asks after the job, until it is final. Touches nothing of the submission."""
    assert row.job_id is not None
    try:
        job = h.backend.look(row.job_id)
    except BackendError as error:
        return _astray(h, row, error)
    if foreign(row, job):
        return Step(move(h, row, S.PARKED, job_id=None, reason=_FOREIGN.format(job=job.job_id)))
    row = h.ledger.amend(row, astray=())
    if job.state.final:
        return Step(h.ledger.amend(row, job=job), state=job.state)
    if not row.cancel_wanted and job.state is JobState.QUEUED and (lost := _drift(h, row)):
        row = h.ledger.amend(row, cancel_wanted=True, reason=lost)
    return Step(row, h.settings.poll_s, job.state)


def foreign(row: Submission, job: RemoteJob) -> bool:
    """Whether a job says of itself that it is another's: it has tags or a batch, and none of ours."""
    ours = row.tag in job.tags or job.batch in row.batches
    return not ours and bool(job.tags or job.batch)


def cancel(h: Handing, row: Submission) -> Step:
    """Tells the service to stop the job; what becomes of it is then asked as of any other."""
    assert row.job_id is not None
    h.tell_due = h.now_s + TELL_POLLS * h.settings.poll_s
    with suppress(BackendError):  # told again when that is due
        h.backend.cancel_job(row.job_id)
        h.tell_due = inf
    return Step(row)


def fetch(h: Handing, row: Submission) -> Step:
    """Puts the raw text of a final job into the store before anything tries to understand it."""
    job = row.job
    assert job is not None
    try:
        raw = h.backend.fetch(job)
    except BackendError as error:
        return _astray(h, row, error)
    digest = h.store.put(raw)
    try:
        h.read = (digest, h.backend.read(h.work, kept_payload(h.store, row), job, raw))
    except Unreadable as error:
        h.unreadable += 1
        if h.unreadable >= READS:
            where = f"its text is {digest} in the store"
            return park(h, row, f"the result of job {job.job_id} cannot be read: {error}; {where}")
        return Step(row, h.settings.poll_s)
    return Step(move(h, row, S.FETCHED, raw=digest), state=job.state)


def _astray(h: Handing, row: Submission, error: BackendError) -> Step:
    """Parks a job that the service does not know, or says nothing usable of, for too long.

    A job that was just accepted may not be known everywhere yet; a service that cannot be reached at all is
    waited for.
    """
    if error.retry and not isinstance(error, Malformed):
        raise error
    row = h.ledger.amend(row, astray=h.mark(row.astray))
    limit_s = h.settings.doubt_s if error.retry else h.settings.settle_s
    if (h.age_s(row.astray) or 0.0) < limit_s:
        h.trouble = str(error)
        return Step(row, h.settings.poll_s)
    what = "says nothing usable of" if error.retry else "does not know"
    return park(h, row, f"the service {what} job {row.job_id} any more: {error}")


def settle(h: Handing, row: Submission) -> Step:
    """Decodes the raw text and records the result, with calibrations, payload and usage beside it.

    What the service does not tell in time, or not in a way that can be believed, is left out.
    """
    found = h.ledger.find_result(row.key, h.work)
    if found is None:
        row = h.ledger.amend(row, entered=h.mark(row.entered))
        late = (h.age_s(row.entered) or 0.0) >= h.settings.usage_s
        told = _charge(h, row, late=late)
        if told.pending and not late:
            return Step(told.row, h.settings.poll_s)
        row, ran = told.row, _ran_under(h, row, late=late)
        row = h.ledger.amend(row, calibrations=keep_calibration(h, row, "run", ran), usage_qpu_s=told.usage_s)
        found = record(h, row, _decoded(h, row))
        h.ledger.settle(row.key, found)
    return Step(move(h, row, S.SETTLED))


def _charge(h: Handing, row: Submission, *, late: bool) -> Charge:
    try:
        return charge(h, row)
    except BackendError:
        if late:
            return Charge(row, pending=True)
        raise


def _ran_under(h: Handing, row: Submission, *, late: bool) -> Calibration | None:
    assert row.job is not None
    if not isinstance(h.backend, Calibrated):
        return None
    try:
        return h.backend.calibration_for(row.job)
    except BackendError:
        if late:
            return None
        raise


def _decoded(h: Handing, row: Submission) -> RawResult:
    """The result in the text that was kept; decoded already where this process fetched it."""
    assert row.job is not None
    assert row.raw is not None
    if h.read is not None and h.read[0] == row.raw:
        return h.read[1]
    return h.backend.read(h.work, kept_payload(h.store, row), row.job, h.store.get(row.raw))


def bill(h: Handing, row: Submission) -> Step:
    """Bills what the service charged, once that is final, after a last look for jobs that should not be.

    A batch is closed before, so that nothing can come after the look; the service may have forgotten one
    that is long over. What was charged is taken at the price that was approved, whatever a second costs now.
    """
    usage_s = row.usage_qpu_s
    if usage_s is None:
        told = charge(h, row)
        row, usage_s = told.row, told.usage_s
    if usage_s is None:
        return Step(row, h.settings.poll_s)
    if row.batch_closed_at is None and row.batch is not None and _shut(h, row.batch):
        row = h.ledger.amend(row, batch_closed_at=h.clock())
    others = [job for job in h.backend.find(row.tag, row.batches) if job.job_id != row.job_id]
    row = cancel_others(h.ledger, h.backend, row, others)
    assert row.price is not None
    return Step(h.ledger.bill(row, usage_s, row.price.usd_for(usage_s), h.clock()))


def _shut(h: Handing, batch: str) -> bool:
    if not isinstance(h.backend, FencedBackend):
        return False
    try:
        return h.backend.close_batch(batch)
    except BackendError as error:
        if error.retry:
            raise
        return False


def _drift(h: Handing, row: Submission) -> str:
    """Says how the device drifted beyond the policy's limit since the submission; empty where it did not.

    A device that does not answer may be retired, while its job goes on.
    """
    limit = h.rules.max_fidelity_loss
    if limit is None or h.now_s < h.drift_due:
        return ""
    h.drift_due = h.now_s + DRIFT_POLLS * h.settings.poll_s
    try:
        found = h.backend.calibration()
        if found is None or found.digest == row.calibrations.get("submission"):
            return ""
        lost = fidelity_lost(h, row, found)
    except BackendError:
        return ""
    if lost is None or lost <= limit:
        return ""
    return (
        f"the device drifted while the job was queued: expected fidelity fell by {lost:.3g}, limit {limit:g}"
    )
