"""Many problems as one flow run: one process, a task run a problem, a table of how they ended."""

import logging
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from escalation.engine.batch import Batch
from escalation.engine.batch_plan import BatchPlan
from escalation.inputs.places import Places
from escalation.inputs.problem_lists import problem_sources
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from escalation.text.wording import counted
from flows.artifacts import show_batch, show_progress
from flows.ending import bad_input
from flows.lending import borrowed_runtime, lent
from flows.listener import EVERY_S, Pages
from flows.naming import deployed, tell
from flows.values import called, checked
from records.batches.processes import in_processes
from tasks.solve import as_task

COMPLETE = {ProblemEnd.ACCEPTED, ProblemEnd.ABSTAINED, ProblemEnd.REFUSED, ProblemEnd.DUPLICATE}
"""How problems end that need nothing more."""


def _run_name() -> str:
    return called(flow_run.parameters.get("name"), flow_run.name)


# The parameters are checked here and by `BatchPlan`, which say in one line what is wrong with them.
@flow(flow_run_name=_run_name, validate_parameters=False, persist_result=False)
def batch(
    problems: list[str | dict[str, Any]],
    policy: str | None = None,
    *,
    name: str = "",
    workers: int = 0,
    processes: int = 0,
    budget: Caps = Caps(),  # noqa: B008 (frozen)
    folder: str | None = None,
) -> BatchReport:
    """Solves many problems in one run, each as a case of its own; what is wrong with one stops no other.

    Args:
        problems: problem files, folders of them, lists with a path or a problem as JSON a line; or problems
            as plain data with the fields of a problem file.
        policy: the name of a policy that ships, or a policy file; wins over those that the problems name.
        name: begins the ids of the cases. The same batch run again goes on with what is left, and repeats
            nothing; under another name all is solved anew.
        workers: cases at once; 0: as many as there are processors.
        processes: in which they are solved; 1: in the run's own; 0: one a processor, where there are problems
            enough to be worth their start.
        budget: what all cases together may use; an empty field is unlimited.
        folder: where relative paths start; default: the current folder, in a deployment the checkout.

    Returns:
        A row a problem, counts by how they ended, and what needs a person.

    Raises:
        BadInput: when the batch as a whole cannot be run.
    """
    return solve_batch(
        problems, policy, name=name, workers=workers, processes=processes, budget=budget, folder=folder
    )


def solve_batch(
    problems: list[str | dict[str, Any]],
    policy: str | None,
    *,
    name: str,
    workers: int,
    processes: int,
    budget: Any,
    folder: str | None,
) -> BatchReport:
    """What `batch` does inside a flow run; what it returns ends the run in the state that fits."""
    try:
        problems, policy, name, workers, processes, folder = checked(
            problems=problems, policy=policy, name=name, workers=workers, processes=processes, folder=folder
        )
        problems = [checked(problem=each)[0] if isinstance(each, str | Path) else each for each in problems]
        base = Path(folder) if folder else ROOT if deployed() else Path.cwd()
        plan = BatchPlan(name, policy or None, workers, parse(Caps, budget, "budget"), "prefect", processes)
        places = Places(settings().uploads)
        found = [str(places.found(each, base)) if isinstance(each, str) else each for each in problems]
        sources = problem_sources(found, base)
        with closing(_Shown(plan, len(sources))) as pages, borrowed_runtime() as runtime:
            # MLflow may lag behind: what the run's end does not wait for, the process's end does.
            solving = partial(in_processes, wait_for_view=False)
            running = Batch(runtime, sources, plan, pages.told, as_task, solving=solving)
            try:
                report = running.run()
            finally:  # also of one that is stopped: what it came to
                pages.show(running.report)
    except BadInput as error:
        return bad_input(error, BatchReport)
    tell(name or counted(report.problems, "problem", "problems"), report.in_words)
    done = all(row.status in COMPLETE for row in report.rows)
    state: State[BatchReport] = Completed(
        name=None if done else "Incomplete", message=report.in_words, data=report
    )
    return cast(BatchReport, state)


class _Shown:
    """Logs each row, and moves the batch's bar on; rows come one after the other."""

    def __init__(self, plan: BatchPlan, count: int) -> None:
        self._name, self._count, self._ended = plan.name or "batch", count, 0
        self._also = lent().told
        self._pages = Pages()
        self._bar: UUID | None = None
        self._at = time.monotonic()

    def told(self, row: BatchRow) -> None:
        level = logging.WARNING if row.status.wants_a_person else logging.INFO
        get_run_logger().log(
            level, "%d %s: %s %s %s", row.number, row.problem, row.status, row.case_id, row.why
        )
        self._ended += 1
        if time.monotonic() - self._at >= EVERY_S:
            self._at, percent = time.monotonic(), round(100 * self._ended / self._count, 1)
            self._pages.write("progress", lambda: self._move(percent))
        if self._also is not None:
            self._also(row)

    def _move(self, percent: float) -> None:
        self._bar = show_progress(self._name, f"{self._count} problems", percent, self._bar)

    def show(self, report: BatchReport) -> None:
        """Writes the table of all that have ended."""
        self._pages.write("the table", lambda: show_batch(report))

    def close(self) -> None:
        """Waits until everything has been written."""
        self._pages.close()
