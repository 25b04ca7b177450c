"""Looks after what crashed, stopped and waiting runs left at a service; goes on with the cases that can."""

from typing import cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from escalation.engine.opening import prepare_again
from escalation.engine.pending import open_cases, ready
from escalation.engine.reconcile import sum_up
from escalation.engine.runtime import Runtime
from escalation.engine.visit import ReconcileReport
from escalation.model.case import CaseStatus
from escalation.model.errors import TierwiseError
from escalation.submission.unattended import unattended
from escalation.text.wording import counted
from flows.artifacts import show_table
from flows.driver import solve
from flows.ending import one_line
from flows.lending import borrowed_records, borrowed_runtime
from records.views.submissions import submission_rows
from tasks.reconcile import look_after
from tasks.running import as_it_is

UNATTENDED = "Work that may be charged, and that nobody had looked at for long."


@flow(persist_result=False)
def reconcile(go_on: bool = True) -> ReconcileReport:
    """Finds out what became of work that nobody waits for: adopts, fetches, settles, bills, parks.

    Nothing is sent by that. Cases that paused for a job or a person, and wait for neither any more, are then
    gone on with one after the other, as `escalate` does; what they still have to send passes every check.

    Args:
        go_on: whether cases that can go on are gone on with.

    Returns:
        What was found and done; a case that could not be looked after says why.
    """
    if _nothing_to_do():
        return _ended(ReconcileReport(), [])
    with borrowed_runtime() as runtime:
        left = unattended(runtime.ledger, runtime.clock())  # before this run looks
        _show(
            "unattended",
            [{"work": str(entry.row.key), "what to do": entry.line} for entry in left],
            UNATTENDED,
        )
        cases = open_cases(runtime.ledger)
        report = sum_up(runtime, [look_after(as_it_is(runtime), case_id) for case_id in cases])
        _show(
            "reconcile",
            submission_rows(report, runtime.clock()),
            "Submissions: what was done, what is parked.",
        )
        went_on = [_go_on(runtime, case_id) for case_id in report.ready] if go_on else []
        _show("reconcile-cases", went_on, "Cases that could go on, and how they ended.")
    return _ended(report, went_on)


def _nothing_to_do() -> bool:
    """Whether the ledger alone says so; opening the rest takes seconds."""
    with borrowed_records() as (ledger, _):
        return not open_cases(ledger) and not ready(ledger, ledger.now_s())


def _go_on(runtime: Runtime, case_id: str) -> dict[str, str]:
    """Drives a case on; one that fails must not keep the others waiting."""
    try:
        outcome = solve(
            runtime, prepare_again(runtime.ledger.case(case_id).info, runtime.store, "prefect"), 0.0
        )
    except Exception as error:
        if runtime.ledger.case(case_id).status is CaseStatus.RUNNING:
            return {"case": case_id, "ended": "left alone", "because": "another process goes on with it"}
        reason = str(error) if isinstance(error, TierwiseError) else type(error).__name__
        get_run_logger().warning("case %s could not go on: %s", case_id, reason)
        return {"case": case_id, "ended": "failed", "because": reason}
    return {"case": case_id, "ended": str(outcome.status), "because": one_line(outcome)}


def _show(key: str, rows: list[dict[str, str]], description: str) -> None:
    """Writes a table; a page that is missing must not stop the work."""
    if not rows:
        return
    try:
        show_table(rows, key, description)
    except Exception as error:
        get_run_logger().warning("Prefect did not take a table: %s", error)


def _ended(report: ReconcileReport, went_on: list[dict[str, str]]) -> ReconcileReport:
    """Completed, with what happened in a line; named Incomplete where something has to be tried again."""
    parked = sum(seen.parked for seen in report.seen)
    failed = len(report.errors) + sum(case["ended"] == "failed" for case in went_on)
    message = (
        f"{counted(len(report.seen), 'submission', 'submissions')} looked after, "
        f"{parked} parked for a person, {counted(len(report.expired), 'question', 'questions')} expired, "
        f"{counted(len(went_on), 'case', 'cases')} gone on, {counted(failed, 'error', 'errors')}"
    )
    name = "Incomplete" if failed else None
    state: State[ReconcileReport] = Completed(name=name, message=message, data=report)
    return cast(ReconcileReport, state)
