"""Drives one submission: step by step until its result is there, a person is needed, or it takes too long."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from escalation.model.errors import BackendError, Held, Interrupted, Moved, Waiting
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.machines import Progress
from escalation.submission.context import Step, SubmissionContext
from escalation.submission.following import bill
from escalation.submission.steps import Take, next_step

GROWTH = 1.5
LONGEST_NAP_S = 30.0

Call = Callable[[str, Callable[[], Submission]], Submission]
"""Carries out a named stretch of the submission; an orchestrator makes a task run of it."""
Tell = Callable[[Progress], None]


def directly(name: str, stretch: Callable[[], Submission]) -> Submission:
    """Carries a stretch out in the calling thread."""
    return stretch()


@dataclass(frozen=True)
class Pace:
    """How a driver goes: who carries stretches out, and who is told of progress."""

    tell: Tell
    call: Call = directly


def drive(ctx: SubmissionContext, row: Submission, pace: Pace) -> RawResult:
    """Takes a submission as far as its result.

    Raises:
        Held: when a person has to say something.
        Waiting: when it takes longer than the policy lets a driver wait.
        Interrupted: when the runtime was told to stop.
        BackendError: when the service cannot be used, and nothing was sent.
    """
    while not row.state.answered:
        if row.state is S.PARKED:
            raise Held(f"{row.key} is parked: {row.reason}; see `tierwise jobs`")
        name = next_step(ctx, row)[0]
        row = _go_on(ctx, row, pace)
        if row.state is S.ASKED:
            raise Held(f"a person must approve {row.key} first: `tierwise approve {row.case_id}`")
        if not led_on(ctx, row, name):
            why = f" ({ctx.trouble})" if ctx.trouble else ""
            raise Waiting(f"{row.key} is still {row.state}{why}; `reconcile` goes on with it")
    return close(ctx, row, pace)


def _go_on(ctx: SubmissionContext, row: Submission, pace: Pace) -> Submission:
    name, step = next_step(ctx, row)
    return pace.call(name, lambda: _stretch(ctx, row, step, pace.tell))


def led_on(ctx: SubmissionContext, row: Submission, name: str) -> bool:
    """Whether the step of that name is over, because another comes next, or none."""
    return row.state.final or row.state is S.PARKED or next_step(ctx, row)[0] != name


def close(ctx: SubmissionContext, row: Submission, pace: Pace) -> RawResult:
    """Returns the result of a submission that has one; tries to bill it, which may also be done later."""
    if row.state is S.SETTLED:
        with suppress(BackendError, Moved):  # `reconcile` bills it
            row = pace.call("bill", lambda: bill(ctx, row).row)
    result = ctx.ledger.find_result(row.key, ctx.work)
    if result is None:
        state = JobState.CANCELLED if row.state is S.CANCELLED else JobState.FAILED
        result = RawResult(state, error=row.reason or f"the submission ended {row.state}")
        ctx.ledger.settle(row.key, result)
    return result


def _stretch(ctx: SubmissionContext, row: Submission, step: Take, tell: Tell) -> Submission:
    """Repeats a step, with longer and longer pauses, until it leads on or takes too long."""
    name, until_s, nap_s = next_step(ctx, row)[0], ctx.now_s + ctx.rules.wait_s, 0.0
    try:
        while True:
            if ctx.stop.is_set():
                raise Interrupted(f"{row.key} was stopped")
            done = _once(ctx, row, step)
            row, nap_s = done.row, max(done.nap_s, min(nap_s * GROWTH, LONGEST_NAP_S))
            if led_on(ctx, row, name) or row.state is S.ASKED:
                return row
            about = ": ".join(filter(None, (f"{row.state}, job {row.job_id or 'not known'}", ctx.trouble)))
            tell(Progress(done.state or JobState.QUEUED, None, about))
            seen_through = (row.state is S.DOUBTED or name == "look") and nap_s <= ctx.settings.settle_s
            if not seen_through and ctx.now_s + nap_s > until_s:
                return row
            ctx.stop.wait(min(nap_s, LONGEST_NAP_S))
            row = _latest(ctx, row)  # a person may have cancelled or parked it
            if led_on(ctx, row, name):
                return row
    except BaseException as reason:
        if isinstance(reason, Interrupted) or not isinstance(reason, Exception):
            _stopped(ctx, row)
        raise


def _once(ctx: SubmissionContext, row: Submission, step: Take) -> Step:
    """Takes the step once; a failure that may pass is a pause, and so is a change by somebody else.

    Once the service may have a job, no failure is the end of it: the case waits, and `reconcile` goes on.
    """
    ctx.trouble = ""
    try:
        return step(ctx, row)
    except Moved:
        pass
    except BackendError as error:
        if not error.retry and not row.state.may_be_charged:
            raise
        ctx.trouble = str(error)
    return Step(_latest(ctx, row), ctx.settings.poll_s)


def _latest(ctx: SubmissionContext, row: Submission) -> Submission:
    now = ctx.ledger.find_submission(row.key)
    assert now is not None
    return now


def _stopped(ctx: SubmissionContext, row: Submission) -> None:
    """Stops the job with its driver where the policy says so; otherwise it is left to `reconcile`."""
    if row.state is not S.SUBMITTED or ctx.rules.on_stop != "cancel" or row.job_id is None:
        return
    try:
        ctx.ledger.amend(row, cancel_wanted=True)
        ctx.backend.cancel_job(row.job_id)
    except Exception:  # it is noted, or the ledger is gone: `reconcile` cancels or finds it
        return
