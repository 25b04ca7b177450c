"""Treats one problem of a batch: read, checked, solved; its end is the state of its task run."""

from collections.abc import Callable
from typing import cast

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed, Failed

from escalation.model.batch import BatchRow, ProblemEnd
from tasks.running import OPTIONS, as_it_is

_WRONG = {
    ProblemEnd.FAILED: Failed,
    ProblemEnd.BAD_INPUT: Failed,
    ProblemEnd.BUSY: Failed,
    ProblemEnd.INTERRUPTED: Crashed,
}


@task(**OPTIONS)
def problem(do: Callable[[], BatchRow]) -> BatchRow:
    """Solves the problem; whatever was wrong with it is in its row, and named in its state."""
    row = do()
    state = _WRONG.get(row.status, Completed)
    name = "".join(word.capitalize() for word in str(row.status).split())
    made: State[BatchRow] = state(
        name=name, message=f"{row.case_id or row.problem}: {row.status} {row.why}", data=row
    )
    return cast(BatchRow, made)


def as_task(name: str, do: Callable[[], BatchRow]) -> BatchRow:
    """The `escalation.engine.batch.CarryOut` of Prefect: one task run a problem, and none a step."""
    rows: list[BatchRow] = []

    def kept() -> BatchRow:
        rows.append(do())
        return rows[-1]

    solve = problem.with_options(name="solve", task_run_name=name.replace("{", "{{").replace("}", "}}"))
    solve(as_it_is(kept), return_state=True)
    return rows[-1] if rows else do()  # where Prefect itself had trouble, a task run is missing and no more
