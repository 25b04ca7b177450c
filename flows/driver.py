"""The Prefect driver: each step of the ladder is a task run of the calling flow."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from prefect.runtime import deployment

from escalation.case import Outcome
from escalation.drive import CarryOut, drive
from escalation.errors import BadInput
from escalation.ladder import Decide, Judge, Perform, Step
from escalation.opening import parse_problem, prepare
from escalation.runtime import Listener, Runtime
from escalation.settings import ROOT
from flows.ending import bad_input, ended
from flows.naming import case_id_of
from tasks.decide import decide
from tasks.judge import judge
from tasks.listener import RunListener
from tasks.perform import perform_all
from tasks.running import Running, as_it_is
from tasks.runtime import open_runtime

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


def run_case(problem: Any, policy: str, case_id: str | None, folder: str | None) -> Outcome:
    """Solves a problem inside a flow run; what it returns ends the run in the state that fits."""
    try:
        stated = parse_problem(problem)
        case = prepare(stated, policy, case_id_of(stated, case_id), _start(folder), "prefect")
        with _runtime() as runtime:
            listener = RunListener(case.case_id, _also.get())
            outcome = drive(runtime, case, carry_out(Running(runtime, case, listener)), "prefect")
    except BadInput as error:
        return bad_input(error)
    listener.ended(outcome)
    return ended(outcome)


def carry_out(running: Running) -> CarryOut:
    """The way in which Prefect carries out a step."""

    def do(step: Step) -> Any:
        match step:
            case Decide():
                return decide(as_it_is(running), as_it_is(step))
            case Perform():
                return perform_all(running, step)
            case Judge():
                return judge(as_it_is(running), as_it_is(step))

    return do


def _runtime() -> AbstractContextManager[Runtime]:
    shared = _shared.get()
    return nullcontext(shared) if shared is not None else open_runtime()


def _start(folder: str | None) -> Path:
    """Where relative paths start: a worker's own folder is empty, so in a deployment it is the checkout."""
    if folder is not None:
        return Path(folder)
    return ROOT if deployment.id else Path.cwd()
