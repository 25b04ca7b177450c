"""The Prefect driver: each step of the ladder is a task run of the calling flow."""

from collections.abc import Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State

from escalation.engine.canarying import under_its_policy
from escalation.engine.case import Case
from escalation.engine.drive import drive
from escalation.engine.opening import (
    choose_policy,
    parse_with_policy,
    prepare,
    prepare_again,
    read_problem_anywhere,
)
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Certify, Decide, Perform
from escalation.inputs.settings import ROOT
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.errors import BadInput, Faulted, Held, Interrupted, Paused
from escalation.model.result import RawResult
from flows.approval import ask_about
from flows.ending import bad_input, ended, interrupted
from flows.lending import borrowed_records, borrowed_runtime, lent
from flows.listener import RunListener
from flows.naming import case_id_of, deployed, end_in_words, subject, tell, tell_case
from flows.values import checked
from records.earlier import EarlierFiles
from tasks.certify import certify
from tasks.decide import decide
from tasks.perform import Unfinished, perform
from tasks.running import as_it_is

APPROVAL_WAIT_S = 3600.0
"""Seconds that a deployment's run pauses for a person; the question stands longer, see `SubmissionRules`."""


@dataclass(frozen=True)
class AsTasks:
    """Carries the ladder's steps out as task runs.

    Attributes:
        running: the case.
        approval_wait_s: seconds that the run pauses for a person's answer; at 0 it does not pause.
    """

    running: Running
    approval_wait_s: float

    def decide(self, step: Decide) -> Decision:
        return decide(as_it_is(self.running), as_it_is(step))

    def perform(self, step: Perform) -> tuple[RawResult, ...]:
        """Performs the step, again after each answer of a person; what was done before is not repeated."""
        while True:
            try:
                return self._perform(step)
            except Held:
                case = self.running.case
                if not ask_about(
                    self.running.runtime, case.case_id, subject(case.problem), self.approval_wait_s
                ):
                    raise

    def certify(self, step: Certify) -> Attempt:
        return certify(as_it_is(self.running), as_it_is(step))

    def _perform(self, step: Perform) -> tuple[RawResult, ...]:
        running = as_it_is(self.running)
        if len(step.items) == 1:
            return results([perform(running, as_it_is(step.items[0]))])
        futures = [perform.submit(running, as_it_is(item)) for item in step.items]
        try:
            return results(future.result(raise_on_failure=False) for future in futures)
        except Paused:
            raise
        except BaseException:
            self.running.runtime.stop.set()
            for future in futures:
                with suppress(CancelledError):
                    future.wait()
            raise


def results(ended_as: Iterable[Any]) -> tuple[RawResult, ...]:
    """The results of pieces of work, of which each is a result, its task run's state, or what it ended with.

    Raises:
        Paused: a person who is needed comes before a queue that is waited for.
    """
    ends: list[Any] = []
    for end in ended_as:
        # Who calls a task that returns a state gets the state, and who waits for its future the data in it.
        came_to = end.result(raise_on_failure=False) if isinstance(end, State) else end
        if isinstance(came_to, BaseException) and not isinstance(came_to, Faulted):
            raise came_to
        ends.append(came_to)
    pauses = [
        end.why if isinstance(end, Unfinished) else end for end in ends if not isinstance(end, RawResult)
    ]
    if pauses:
        raise next((pause for pause in pauses if isinstance(pause, Held)), pauses[0])
    return tuple(ends)


def run_case(
    problem: Any,
    policy: str | None,
    case_id: str | None,
    folder: str | None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Solves a problem inside a flow run; what it returns ends the run in the state that fits."""
    try:
        policy, case_id, folder, approval_wait_s = checked(
            policy=policy, case_id=case_id, folder=folder, approval_wait_s=approval_wait_s
        )
        case = _case(problem, policy, case_id, folder)
        tell_case(case.problem, case.case_id)
        with borrowed_runtime() as runtime:
            outcome = solve(runtime, case, _approval_wait_s(approval_wait_s))
    except BadInput as error:
        return bad_input(error, Outcome)
    except Interrupted as error:
        return interrupted(error)
    about = subject(case.problem)
    tell(about, end_in_words(about, outcome))
    return ended(outcome)


def solve(runtime: Runtime, case: Case, approval_wait_s: float) -> Outcome:
    """Drives a case to its end inside the flow run, and shows it there.

    Args:
        runtime: carries the steps out.
        case: the case.
        approval_wait_s: seconds that the run pauses for a person's answer; at 0 it does not pause.
    """
    with RunListener(case, runtime.store, lent().listener) as listener:
        running = Running(runtime.alone(), under_its_policy(runtime, case), listener)
        outcome = drive(running, AsTasks(running, approval_wait_s))
        listener.ended(outcome)
        return outcome


def _case(problem: Any, policy: str | None, case_id: str | None, folder: str | None) -> Case:
    """The case that the caller has checked and lends; otherwise what the flow run states, checked."""
    case = lent().case
    if case is not None and case.case_id == case_id:
        return case
    if problem is None and case_id:
        with borrowed_records() as (ledger, store):
            return prepare_again(ledger.case(case_id).info, store, "prefect")
    start = _start(folder)
    if isinstance(problem, str | Path):
        (path,) = checked(problem=problem)
        stated, named, start = read_problem_anywhere(path, start)
    else:
        stated, named = parse_with_policy(problem)
    this = case_id_of(stated, case_id)
    kept = EarlierFiles(this, borrowed_records)
    return prepare(stated, choose_policy(policy, named, start), this, start, "prefect", kept=kept)


def _approval_wait_s(asked_for: float | None) -> float:
    """A run of a deployment has pages where a person can answer; called from a program, nobody may look."""
    if asked_for is not None:
        return asked_for
    return APPROVAL_WAIT_S if deployed() else 0.0


def _start(folder: str | None) -> Path:
    """Where relative paths start: a worker's own folder is empty, so in a deployment it is the checkout."""
    if folder is not None:
        return Path(folder)
    return ROOT if deployed() else Path.cwd()
