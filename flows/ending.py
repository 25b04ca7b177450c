"""How a case's end shows as the final state of its flow run.

The state's message says why, in words. A case that ended as the policy wants it is Completed, under its own
name: Accepted, Abstained, Refused (a correct refusal is a success), Held or Waiting. These last two are
Completed too: nothing waits in memory, and what is waited for, a person's word or a job at a service, stands
in the ledger. Bad input is Failed with one line. A case whose work the machine ended again and again is
Crashed, under the name Interrupted.
"""

import logging
from typing import TypeVar, cast

from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed, Failed

from escalation.engine.reasons import why
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import BadInput, Faulted, Interrupted
from flows.naming import tell_bad_input

Came = TypeVar("Came")


class _SaidAlready(logging.Filter):
    """Drops the traceback that Prefect logs after a final state whose message is the whole story."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, BadInput | Faulted | Interrupted)


_SAID_ALREADY = _SaidAlready()
_RAISED = ("prefect.flow_runs", "prefect.engine")
"""Loggers by which Prefect tells of an error that a flow run of a deployment has ended with."""


def _without_traceback() -> None:
    for name in _RAISED:
        logging.getLogger(name).addFilter(_SAID_ALREADY)


def ended(outcome: Outcome) -> Outcome:
    """The final state that carries the outcome; Prefect hands the outcome to whoever called the flow.

    Where the machine was given up it carries that error, which Prefect raises at the caller: the outcome so
    far is in the ledger.
    """
    if outcome.status is CaseStatus.INTERRUPTED:
        _without_traceback()
        return cast(
            Outcome, Crashed(name="Interrupted", message=one_line(outcome), data=Faulted(outcome.paused))
        )
    state: State[Outcome] = Completed(
        name=outcome.status.capitalize(), message=one_line(outcome), data=outcome
    )
    return cast(Outcome, state)


def bad_input(error: BadInput, kind: type[Came]) -> Came:
    """The final state that names what is wrong with the input, as its run's name does from now on.

    Raised at whoever called the flow.

    Args:
        error: what is wrong.
        kind: of what the flow returns where nothing is.
    """
    tell_bad_input(error)
    _without_traceback()
    return cast(Came, Failed(name="BadInput", message=str(error), data=error))


def interrupted(error: Interrupted) -> Outcome:
    """The final state of a run that was stopped, as by Ctrl-C; raised at whoever called the flow."""
    _without_traceback()
    return cast(Outcome, Crashed(name="Interrupted", message=str(error), data=error))


def one_line(outcome: Outcome) -> str:
    """The outcome in a line: `Accepted. The target is reached by hpc: 9 reached, at least 5 asked for`."""
    said = [outcome.status.capitalize(), why(outcome)]
    if outcome.status is CaseStatus.ACCEPTED and outcome.told is not None:
        said.append(outcome.told.answer)
    return ". ".join(said)
