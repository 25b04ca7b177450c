"""The plain driver: the ladder's steps in the calling process, for tests, replay and the command line."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from escalation.engine.deciding import carry_out_decide
from escalation.engine.judging import carry_out_judge, finish, give_up
from escalation.engine.ladder import Case, Decide, Judge, Perform, Step, conclude, ladder
from escalation.engine.performing import carry_out_item
from escalation.engine.runtime import Listener, Runtime, Silent
from escalation.model.attempt import Cost
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import Faulted, Held, Interrupted, Paused, of_machine
from escalation.model.result import RawResult

CarryOut = Callable[[Step], Any]


def solve(runtime: Runtime, case: Case, listener: Listener | None = None) -> Outcome:
    """Drives a case to its end in this process.

    Raises:
        CaseConflict: when the id belongs to something else, or is being run.
        KeyboardInterrupt: after the running work was stopped and the case left to be taken up again.
    """
    listener, runtime = listener or Silent(), runtime.alone()

    def carry_out(step: Step) -> Any:
        match step:
            case Decide():
                decided = carry_out_decide(runtime, case, step)
                listener.decided(decided.decision)
                return decided
            case Perform():
                return perform(runtime, case, step, listener)
            case Judge():
                attempt = carry_out_judge(runtime, case, step)
                listener.judged(attempt)
                return attempt

    return drive(runtime, case, carry_out, "plain")


def drive(runtime: Runtime, case: Case, carry_out: CarryOut, engine: str) -> Outcome:
    """Drives the ladder with the given way to carry out a step; opens and closes the case around it.

    Raises:
        CorruptRecord: when the case may spend, and the ledger was changed behind its back.
    """
    if case.may_spend:
        runtime.ledger.check()
    record = runtime.ledger.open_case(case.info)
    if record.status.final and record.outcome is not None:
        return Outcome.model_validate(record.outcome)
    try:
        runtime.tracker.case_opened(record, None)
        timed = _timed(runtime, case, carry_out)
        with runtime.heartbeat(case.case_id):
            return finish(runtime, case, _to_the_end(runtime, case, timed), engine)
    except BaseException as error:
        stopped = not isinstance(error, Exception) or isinstance(error, Interrupted) or of_machine(error)
        give_up(runtime, case, CaseStatus.INTERRUPTED if stopped else CaseStatus.FAILED)
        raise


def _timed(runtime: Runtime, case: Case, carry_out: CarryOut) -> CarryOut:
    """The same way to carry out a step, its elapsed time noted."""
    watch = runtime.watch(case)

    def timed(step: Step) -> Any:
        with watch.part("facts_s" if isinstance(step, Decide) else "attempts_s"):
            answer = carry_out(step)
        runtime.ledger.heartbeat(case.case_id, watch.read())
        return answer

    return timed


def _to_the_end(runtime: Runtime, case: Case, carry_out: CarryOut) -> Outcome:
    """Drives the ladder to its end, or to where it must wait: for a person, a job elsewhere, a machine."""
    try:
        return _run(case, carry_out)
    except Paused as pause:
        attempts = [attempt for attempt, _ in runtime.ledger.attempts(case.case_id)]
        decisions = list(runtime.ledger.decisions(case.case_id))
        outcome = conclude(case, attempts, decisions, _paused(pause))
        used = runtime.ledger.used(case.case_id, len(attempts))  # by the attempt that has not ended
        cost = outcome.cost + Cost.model_validate(used.to_json())
        return outcome.model_copy(update={"paused": str(pause), "cost": cost})


def _paused(pause: Paused) -> CaseStatus:
    if isinstance(pause, Faulted):
        return CaseStatus.INTERRUPTED
    return CaseStatus.HELD if isinstance(pause, Held) else CaseStatus.WAITING


def _run(case: Case, carry_out: CarryOut) -> Outcome:
    steps = ladder(case)
    try:
        step = next(steps)
        while True:
            step = steps.send(carry_out(step))
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def perform(runtime: Runtime, case: Case, step: Perform, listener: Listener) -> tuple[RawResult, ...]:
    """Runs the items of a step at once; on an interrupt all of them are stopped before it is raised."""
    if len(step.items) == 1:
        return (carry_out_item(runtime, case, step.items[0], listener),)
    with ThreadPoolExecutor(len(step.items)) as pool:
        futures = [pool.submit(carry_out_item, runtime, case, item, listener) for item in step.items]
        try:
            return tuple(future.result() for future in futures)
        except Paused:  # the others go as far as they can: what they sent is theirs to follow
            raise
        except BaseException:
            runtime.stop.set()
            raise


__all__ = ["drive", "perform", "solve"]
