"""Drives a case to its end; the plain driver carries the steps out in the calling process."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from escalation.engine.canarying import under_its_policy
from escalation.engine.case import Case
from escalation.engine.certifying import certify
from escalation.engine.closing import close, give_up
from escalation.engine.concluding import conclude
from escalation.engine.deciding import decide
from escalation.engine.ladder import ladder
from escalation.engine.listening import Listener, Silent
from escalation.engine.performing import perform
from escalation.engine.reporting import with_report
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Certify, Decide, Perform, Step
from escalation.model.attempt import Attempt
from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed, Stopwatch
from escalation.model.errors import Faulted, Held, Interrupted, Paused, of_machine
from escalation.model.result import RawResult


class Driver(Protocol):
    """Carries the ladder's steps out: in this process, as tasks of Prefect."""

    def decide(self, step: Decide) -> Decision: ...

    def perform(self, step: Perform) -> tuple[RawResult, ...]:
        """Runs the items of a step at once; when one is stopped, all are, before that is raised.

        Raises:
            Paused: when some of it cannot go on now.
        """

    def certify(self, step: Certify) -> Attempt: ...


@dataclass(frozen=True)
class InProcess:
    """The plain driver."""

    running: Running

    def decide(self, step: Decide) -> Decision:
        return decide(self.running, step)

    def perform(self, step: Perform) -> tuple[RawResult, ...]:
        if len(step.items) == 1:
            return (perform(self.running, step.items[0]),)
        with ThreadPoolExecutor(len(step.items)) as pool:
            futures = [pool.submit(perform, self.running, item) for item in step.items]
            try:
                return tuple(future.result() for future in futures)
            except Paused:  # the others go as far as they can: what they sent is theirs to follow
                raise
            except BaseException:
                self.running.runtime.stop.set()
                raise

    def certify(self, step: Certify) -> Attempt:
        return certify(self.running, step)


def solve(runtime: Runtime, case: Case, listener: Listener | None = None) -> Outcome:
    """Drives a case to its end in this process.

    Raises:
        CaseConflict: when the id belongs to something else, or is being run.
        KeyboardInterrupt: after the running work was stopped and the case left to be taken up again.
    """
    running = Running(runtime.alone(), under_its_policy(runtime, case), listener or Silent())
    return drive(running, InProcess(running))


def drive(running: Running, driver: Driver) -> Outcome:
    """Opens a case, has the driver carry the ladder's steps out, and closes it.

    Raises:
        CorruptRecord: when the case may spend, and the ledger was changed behind its back.
    """
    runtime, case = running.runtime, running.case
    if case.may_spend:
        runtime.ledger.check(case.case_id)
    case.files.keep(runtime.store.put)
    record = running.known.record = runtime.ledger.open_case(case.info)
    if record.status.final and record.outcome is not None:
        return with_report(Outcome.model_validate(record.outcome), runtime.store, runtime.settings.home)
    running = replace(running, case=case.as_recorded(record.info))
    try:
        runtime.tracker.case_opened(record)
        watch = runtime.watch(case, Elapsed() if record.new else runtime.ledger.elapsed(case.case_id))
        with runtime.heartbeat(case.case_id):
            return close(running, _climb(running, driver, watch))
    except BaseException as error:
        stopped = not isinstance(error, Exception) or isinstance(error, Interrupted) or of_machine(error)
        give_up(running, CaseStatus.INTERRUPTED if stopped else CaseStatus.FAILED)
        raise
    finally:
        runtime.unwatch(case.case_id)


def _climb(running: Running, driver: Driver, watch: Stopwatch) -> Outcome:
    """What the ladder comes to; where it must wait for a person, a job elsewhere or a machine, so far."""
    steps = ladder(running.case)
    try:
        step = next(steps)
        while True:
            step = steps.send(_carry_out(running, driver, step, watch))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except Paused as pause:
        return _so_far(running, pause)


def _carry_out(running: Running, driver: Driver, step: Step, watch: Stopwatch) -> Any:
    """Has the driver carry a step out; its elapsed time is noted now and then."""
    with watch.part("facts_s" if isinstance(step, Decide) else "attempts_s"):
        match step:
            case Decide():
                answer: Any = driver.decide(step)
            case Perform():
                answer = driver.perform(step)
            case Certify():
                answer = driver.certify(step)
    if watch.due():
        running.runtime.ledger.heartbeat(running.case.case_id, watch.read())
    return answer


def _so_far(running: Running, pause: Paused) -> Outcome:
    """What a case that cannot go on now came to, with what its unfinished attempt has used."""
    ledger, case = running.runtime.ledger, running.case
    attempts = [attempt for attempt, _ in ledger.attempts(case.case_id)]
    outcome = conclude(case, attempts, list(ledger.decisions(case.case_id)), _paused(pause))
    used = ledger.used(case.case_id, len(attempts))
    cost = outcome.cost + used
    return outcome.model_copy(update={"paused": str(pause), "cost": cost})


def _paused(pause: Paused) -> CaseStatus:
    if isinstance(pause, Faulted):
        return CaseStatus.INTERRUPTED
    return CaseStatus.HELD if isinstance(pause, Held) else CaseStatus.WAITING
