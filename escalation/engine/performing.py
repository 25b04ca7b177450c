"""Carries out one item of `Perform`: runs the work on its backend, or returns the result that is recorded."""

from dataclasses import replace
from functools import partial
from typing import cast

from escalation.engine.case import Case
from escalation.engine.executing import AnyBackend, execute
from escalation.engine.question import Terms, payload_question, work_question
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.inputs.site import Site
from escalation.model.errors import Held
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Submission, Verdict
from escalation.policy import floor
from escalation.ports.machines import Machine
from escalation.ports.paid import PaidBackend
from escalation.submission.context import SubmissionContext
from escalation.submission.drive import Call, Pace, directly, drive


def perform(running: Running, item: Item, call: Call = directly) -> RawResult:
    """Runs one piece of work, or returns the result that is recorded; the listener is told of progress.

    Args:
        running: the case that it belongs to.
        item: what to run and where.
        call: carries out the stretches of a submission; see `escalation.submission.drive.Call`.

    Raises:
        Interrupted: when the runtime was told to stop.
        Paused: when a person or `reconcile` has to do something first.
    """
    runtime, case = running.runtime, running.case
    ledger = runtime.ledger
    new = running.known.unrecorded("result", item.key)
    result = None if new else ledger.find_result(item.key, item.work)
    if result is not None:
        return result
    ledger.intend(item.key, item.work, item.backend)
    machine = runtime.backend(item.backend)
    if isinstance(machine, PaidBackend):
        running.known.paid = True
        pace = Pace(partial(running.listener.progress, item), call)
        return _submission(runtime, case, item, machine, pace)
    result = _disallowed(runtime, case, item, machine)
    if result is None:
        result = execute(running, _as_of_now(runtime, case, item), cast(AnyBackend, machine))
    ledger.settle(item.key, result)
    return result


def _submission(runtime: Runtime, case: Case, item: Item, machine: PaidBackend, pace: Pace) -> RawResult:
    now = runtime.clock()
    row = runtime.ledger.want_submission(item.key, item.work.digest, item.backend, now)
    context = SubmissionContext(
        ledger=runtime.ledger,
        store=runtime.store,
        backend=machine.at(row.frozen) or machine,
        work=item.work,
        rules=case.policy.submission,
        settings=runtime.settings,
        clock=runtime.clock,
        stop=runtime.stop,
        limit=case.budget,
        since=runtime.instant(),
        instant=runtime.instant,
        question=partial(_question, runtime, case, item, machine),
        quote=item.quote,
    )
    return drive(context, row, pace)


def _question(
    runtime: Runtime, case: Case, item: Item, machine: PaidBackend, row: Submission
) -> Approval | None:
    """The question to a person about frozen work; None where neither policy nor floor wants a word."""
    assert row.price is not None
    hardware = floor.is_hardware(machine, item.backend)
    site = Site.of(runtime.settings, ())
    below = hardware and site.wants_word(row.price.cap.usd)
    if not (item.asks or below):
        return None
    rules = (floor.APPROVAL,) if below else ()
    terms = Terms(runtime.clock(), runtime.settings.question_h, hardware, rules)
    return payload_question(case, item, row, terms)


def _disallowed(runtime: Runtime, case: Case, item: Item, machine: Machine) -> RawResult | None:
    """Has a person asked about free work where the policy wants it; a failed result when the word is no.

    What is hardware and does not go through the submission is never used: nothing would count what it costs.
    """
    if floor.is_hardware(machine, item.backend):
        return RawResult(
            JobState.FAILED, error=f"{item.backend} is hardware, and has nothing by which work is paid for"
        )
    if not item.asks:
        return None
    now = runtime.clock()
    terms = Terms(now, runtime.settings.question_h)
    authorisation = runtime.ledger.consult(work_question(case, item, terms), now)
    if authorisation.verdict is Verdict.ASK:
        raise Held(f"a person must approve {item.key} first: `tierwise approve {item.key.case_id}`")
    if authorisation.verdict is Verdict.GRANTED:
        return None
    return RawResult(JobState.FAILED, error=authorisation.reason)


def _as_of_now(runtime: Runtime, case: Case, item: Item) -> Item:
    """The item with what the case's budget leaves it by what its user has waited, lost tries included."""
    limit, elapsed = case.budget.wall_s, runtime.elapsed(case.case_id)
    if limit is None or item.wall_s_left is None or elapsed is None:
        return item
    lost_s = sum(lost.usage.wall_s for lost in runtime.ledger.lost(item.key))  # `execute` takes them off
    return replace(item, wall_s_left=min(item.wall_s_left, limit - elapsed.wall_s + lost_s))
