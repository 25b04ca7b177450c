"""Steps after a job was sent: by its id and by what was frozen; the device it was sent to may be gone."""

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
from escalation.submission.context import Step, SubmissionContext, move, park
from escalation.submission.evidence import fidelity_lost, keep_calibration, kept_payload, record

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


def follow(ctx: SubmissionContext, row: Submission) -> Step:
    """Asks after the job, until it is final. Touches nothing of the submission."""
    assert row.job_id is not None
    try:
        job = ctx.backend.look(row.job_id)
    except BackendError as error:
        return _astray(ctx, row, error)
    if foreign(row, job):
        return Step(move(ctx, row, S.PARKED, job_id=None, reason=_FOREIGN.format(job=job.job_id)))
    row = ctx.ledger.amend(row, astray=())
    if job.state.final:
        return Step(ctx.ledger.amend(row, job=job), state=job.state)
    if not row.cancel_wanted and job.state is JobState.QUEUED and (lost := _drift(ctx, row)):
        row = ctx.ledger.amend(row, cancel_wanted=True, reason=lost)
    return Step(row, ctx.settings.poll_s, job.state)


def foreign(row: Submission, job: RemoteJob) -> bool:
    """Whether a job says of itself that it is another's: it has tags or a batch, and none of ours."""
    ours = row.tag in job.tags or job.batch in row.batches
    return not ours and bool(job.tags or job.batch)


def cancel(ctx: SubmissionContext, row: Submission) -> Step:
    """Tells the service to stop the job; what becomes of it is then asked as of any other."""
    assert row.job_id is not None
    ctx.tell_due = ctx.now_s + TELL_POLLS * ctx.settings.poll_s
    with suppress(BackendError):  # told again when that is due
        ctx.backend.cancel_job(row.job_id)
        ctx.tell_due = inf
    return Step(row)


def fetch(ctx: SubmissionContext, row: Submission) -> Step:
    """Puts the raw text of a final job into the store before anything tries to understand it."""
    job = row.job
    assert job is not None
    try:
        raw = ctx.backend.fetch(job)
    except BackendError as error:
        return _astray(ctx, row, error)
    digest = ctx.store.put(raw)
    try:
        ctx.read = (digest, ctx.backend.read(ctx.work, kept_payload(ctx.store, row), job, raw))
    except Unreadable as error:
        ctx.unreadable += 1
        if ctx.unreadable >= READS:
            where = f"its text is {digest} in the store"
            return park(ctx, row, f"the result of job {job.job_id} cannot be read: {error}; {where}")
        return Step(row, ctx.settings.poll_s)
    return Step(move(ctx, row, S.FETCHED, raw=digest), state=job.state)


def _astray(ctx: SubmissionContext, row: Submission, error: BackendError) -> Step:
    """Parks a job that the service does not know, or says nothing usable of, for too long.

    A job that was just accepted may not be known everywhere yet; a service that cannot be reached at all is
    waited for.
    """
    if error.retry and not isinstance(error, Malformed):
        raise error
    row = ctx.ledger.amend(row, astray=ctx.mark(row.astray))
    limit_s = ctx.settings.doubt_s if error.retry else ctx.settings.settle_s
    if (ctx.age_s(row.astray) or 0.0) < limit_s:
        ctx.trouble = str(error)
        return Step(row, ctx.settings.poll_s)
    what = "says nothing usable of" if error.retry else "does not know"
    return park(ctx, row, f"the service {what} job {row.job_id} any more: {error}")


def settle(ctx: SubmissionContext, row: Submission) -> Step:
    """Decodes the raw text and records the result, with calibrations, payload and usage beside it.

    What the service does not tell in time, or not in a way that can be believed, is left out.
    """
    if ctx.ledger.find_result(row.key, ctx.work) is not None:
        return Step(move(ctx, row, S.SETTLED))
    row = ctx.ledger.amend(row, entered=ctx.mark(row.entered))
    late = (ctx.age_s(row.entered) or 0.0) >= ctx.settings.usage_s
    charged = _charge(ctx, row, late=late)
    if charged.pending and not late:
        return Step(charged.row, ctx.settings.poll_s)
    row, ran = charged.row, _ran_under(ctx, row, late=late)
    learnt = {"calibrations": keep_calibration(ctx, row, "run", ran), "usage_qpu_s": charged.usage_s}
    result = record(ctx, row.model_copy(update=learnt), _decoded(ctx, row))
    return Step(ctx.ledger.settle_submission(row, result, ctx.clock(), entered=ctx.mark(), **learnt))


def _charge(ctx: SubmissionContext, row: Submission, *, late: bool) -> Charge:
    try:
        return charge(ctx, row)
    except BackendError:
        if late:
            return Charge(row, pending=True)
        raise


def _ran_under(ctx: SubmissionContext, row: Submission, *, late: bool) -> Calibration | None:
    assert row.job is not None
    if not isinstance(ctx.backend, Calibrated):
        return None
    try:
        return ctx.backend.calibration_for(row.job)
    except BackendError:
        if late:
            return None
        raise


def _decoded(ctx: SubmissionContext, row: Submission) -> RawResult:
    """The result in the text that was kept; decoded already where this process fetched it."""
    assert row.job is not None
    assert row.raw is not None
    if ctx.read is not None and ctx.read[0] == row.raw:
        return ctx.read[1]
    return ctx.backend.read(ctx.work, kept_payload(ctx.store, row), row.job, ctx.store.get(row.raw))


def bill(ctx: SubmissionContext, row: Submission) -> Step:
    """Bills what the service charged, once that is final, after a last look for jobs that should not be.

    A batch is closed before, so that nothing can come after the look; the service may have forgotten one
    that is long over. What was charged is taken at the price that was approved, whatever a second costs now.
    """
    usage_s = row.usage_qpu_s
    if usage_s is None:
        charged = charge(ctx, row)
        row, usage_s = charged.row, charged.usage_s
    if usage_s is None:
        return Step(row, ctx.settings.poll_s)
    closed_at = row.batch_closed_at
    if closed_at is None and row.batch is not None and _shut(ctx, row.batch):
        closed_at = ctx.clock()
    others = [job for job in ctx.backend.find(row.tag, row.batches) if job.job_id != row.job_id]
    row = cancel_others(ctx.ledger, ctx.backend, row, others)
    assert row.price is not None
    usd = row.price.usd_for(usage_s)
    return Step(ctx.ledger.bill(row, usage_s, usd, ctx.clock(), batch_closed_at=closed_at))


def _shut(ctx: SubmissionContext, batch: str) -> bool:
    if not isinstance(ctx.backend, FencedBackend):
        return False
    try:
        return ctx.backend.close_batch(batch)
    except BackendError as error:
        if error.retry:
            raise
        return False


def _drift(ctx: SubmissionContext, row: Submission) -> str:
    """Says how the device drifted beyond the policy's limit since the submission; empty where it did not.

    A device that does not answer may be retired, while its job goes on.
    """
    limit = ctx.rules.max_fidelity_loss
    if limit is None or ctx.now_s < ctx.drift_due:
        return ""
    ctx.drift_due = ctx.now_s + DRIFT_POLLS * ctx.settings.poll_s
    try:
        calibration = ctx.backend.calibration()
        if calibration is None or calibration.digest == row.calibrations.get("submission"):
            return ""
        lost = fidelity_lost(ctx, row, calibration)
    except BackendError:
        return ""
    if lost is None or lost <= limit:
        return ""
    return (
        f"the device drifted while the job was queued: expected fidelity fell by {lost:.3g}, limit {limit:g}"
    )
