"""The Prefect driver: each step of the ladder is a task run of the calling flow."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from prefect.runtime import deployment

from escalation.engine.drive import CarryOut, drive
from escalation.engine.ladder import Case, Decide, Judge, Perform, Step
from escalation.engine.opening import choose_policy, parse_with_policy, prepare, prepare_again
from escalation.engine.runtime import Listener, Runtime
from escalation.inputs.settings import ROOT
from escalation.model.case import CaseInfo, Outcome
from escalation.model.errors import BadInput, Held
from escalation.model.result import RawResult
from escalation.ports.ledger.ledger import Ledger
from flows.approval import ask_about
from flows.ending import bad_input, ended
from flows.listener import RunListener
from flows.naming import case_id_of
from flows.secret import provide_token
from records.runtime import open_records, open_runtime
from tasks.decide import decide
from tasks.judge import judge
from tasks.perform import perform_all
from tasks.running import Running, as_it_is

APPROVAL_WAIT_S = 3600.0
"""Seconds that a deployment's run pauses for a person; the question stands longer, see `SubmissionRules`."""

_also: ContextVar[Listener | None] = ContextVar("also", default=None)
_shared: ContextVar[Runtime | None] = ContextVar("shared", default=None)


@contextmanager
def listening(listener: Listener | None, runtime: Runtime | None = None) -> Iterator[None]:
    """For who calls flows in this process: is told what happens in them, and may lend them a runtime.

    Args:
        listener: told in order of happening; None: nobody.
        runtime: used by every flow called inside the block and left open; default: each opens its own.
    """
    tokens = _shared.set(runtime), _also.set(listener)
    try:
        yield
    finally:
        _shared.reset(tokens[0])
        _also.reset(tokens[1])


def run_case(
    problem: Any,
    policy: str | None,
    case_id: str | None,
    folder: str | None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Solves a problem inside a flow run; what it returns ends the run in the state that fits."""
    try:
        stated, named = parse_with_policy(problem)
        start = _start(folder)
        chosen = choose_policy(policy, named, start)
        case = prepare(stated, chosen, case_id_of(stated, case_id), start, "prefect")
        with borrowed_runtime() as runtime:
            outcome = drive_case(runtime, case, _approval_wait_s(approval_wait_s))
    except BadInput as error:
        return bad_input(error)
    return ended(outcome)


def take_up(runtime: Runtime, info: CaseInfo) -> Outcome:
    """Goes on with a case that paused, from its record alone; asks nobody, because others wait behind it.

    Raises:
        BadInput: when its problem or its policy cannot be used any more, or somebody else runs it.
    """
    return drive_case(runtime, prepare_again(info, "prefect"), 0.0)


def drive_case(runtime: Runtime, case: Case, approval_wait_s: float) -> Outcome:
    """Drives a case inside the flow run, and shows it there.

    Args:
        runtime: carries the steps out.
        case: the case.
        approval_wait_s: seconds that the run pauses for a person's answer; at 0 it does not pause.
    """
    listener, runtime = RunListener(case.case_id, _also.get()), runtime.alone()
    outcome = drive(runtime, case, carry_out(Running(runtime, case, listener), approval_wait_s), "prefect")
    listener.ended(outcome)
    return outcome


def carry_out(running: Running, approval_wait_s: float) -> CarryOut:
    """The way in which Prefect carries out a step."""

    def do(step: Step) -> Any:
        match step:
            case Decide():
                return decide(as_it_is(running), as_it_is(step))
            case Perform():
                return _perform(running, step, approval_wait_s)
            case Judge():
                return judge(as_it_is(running), as_it_is(step))

    return do


def _perform(running: Running, step: Perform, approval_wait_s: float) -> tuple[RawResult, ...]:
    """Performs the step, again after each answer of a person; what was done before is not repeated."""
    while True:
        try:
            return perform_all(running, step)
        except Held:
            if not ask_about(running.runtime, running.case.case_id, approval_wait_s):
                raise


def _approval_wait_s(asked_for: float | None) -> float:
    """A run of a deployment has pages where a person can answer; called from a program, nobody may look."""
    if asked_for is not None:
        return asked_for
    return APPROVAL_WAIT_S if deployment.id else 0.0


def borrowed_runtime() -> AbstractContextManager[Runtime]:
    """The runtime that the caller lends, left open; otherwise one of our own."""
    provide_token()
    shared = _shared.get()
    return nullcontext(shared) if shared is not None else open_runtime()


@contextmanager
def borrowed_ledger() -> Iterator[Ledger]:
    """The ledger of that runtime; otherwise one that is opened alone, which is quicker."""
    shared = _shared.get()
    if shared is not None:
        yield shared.ledger
        return
    with open_records() as (ledger, _):
        yield ledger


def _start(folder: str | None) -> Path:
    """Where relative paths start: a worker's own folder is empty, so in a deployment it is the checkout."""
    if folder is not None:
        return Path(folder)
    return ROOT if deployment.id else Path.cwd()
