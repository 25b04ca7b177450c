"""Performs a piece of work that a method asks for; inside it a stretch of a submission is a task run too."""

from dataclasses import dataclass
from typing import cast

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed

from escalation.engine import performing
from escalation.engine.running import Running
from escalation.engine.steps import Item
from escalation.model.errors import Faulted, Held, Interrupted, Paused
from escalation.model.result import RawResult
from tasks.running import OPTIONS
from tasks.submission import as_task


@dataclass(frozen=True)
class Unfinished:
    """Work that cannot go on now; nothing of it failed, so its task run must not look as if it had."""

    why: Paused


@task(name="perform", task_run_name="{item.label} work {item.key.ordinal}", **OPTIONS)
def perform(running: Running, item: Item) -> RawResult | Unfinished:
    """Runs one piece of work on its backend, or returns the result that is recorded."""
    try:
        return performing.perform(running, item, as_task)
    except Faulted as why:  # what Prefect calls a crash: of the machine, not of the work
        return cast(Unfinished, Crashed(message=str(why), data=why))
    except Interrupted as why:  # somebody stopped it: no failure, and no traceback in anybody's terminal
        return cast(Unfinished, Crashed(name="Interrupted", message=str(why), data=why))
    except Paused as why:
        name = "Held" if isinstance(why, Held) else "Waiting"
        state: State[Unfinished] = Completed(name=name, message=str(why), data=Unfinished(why))
        return cast(Unfinished, state)
