"""`tierwise reconcile`: one look, in this process, at what dead and waiting runs left at a service."""

import sys
from collections.abc import Iterator, Mapping

from rich.console import Console

from cli.submissions import brief
from cli.terminal import plain, terminal
from escalation.engine.drive import solve
from escalation.engine.opening import prepare_again
from escalation.engine.reconcile import reconcile
from escalation.engine.runtime import Runtime
from escalation.engine.visit import ReconcileReport, Seen
from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.errors import TierwiseError
from escalation.submission.paid_work import bills
from records.runtime import open_runtime


def reconcile_once(*, go_on: bool, as_object: bool) -> int:
    """Looks after every open submission once; goes on with cases where asked to; returns the exit code."""
    console = terminal(stderr=as_object, quiet=as_object)
    with open_runtime() as runtime:
        report = reconcile(runtime)
        billed = bills(runtime.ledger, [seen.row for seen in report.seen])
        for line in lines(report, billed):
            console.print(line)
        if as_object:
            sys.stdout.write(report.model_dump_json() + "\n")
        failed = [case_id for case_id in report.ready if go_on and not _go_on(runtime, case_id, console)]
    if report.ready and not go_on:
        console.print(
            f"can go on: {plain(', '.join(report.ready))}\n"
            "  tierwise reconcile --go-on, or tierwise solve PROBLEM.yaml --case CASE"
        )
    return 1 if report.errors or failed else 0


def lines(report: ReconcileReport, billed: Mapping[WorkKey, Amounts]) -> Iterator[str]:
    """The report in words, a line of markup each."""
    if not report.visits:
        yield "no submission is open"
    for visit in report.visits:
        if visit.busy:
            yield f"[dim]left alone: {plain(visit.busy)}[/]"
        if visit.error:
            yield f"[red]{plain(visit.case_id)}[/]: {plain(visit.error)}"
        for submission in visit.seen:
            yield from _seen(submission, billed.get(submission.row.key))
    for question in report.expired:
        yield f"nobody answered in time about {plain(str(question.key))}: that is no"


def _seen(seen: Seen, bill: Amounts | None) -> Iterator[str]:
    actions = "; ".join(seen.did) or "nothing to do"
    yield plain(brief(seen.row, bill))
    yield f"  [dim]{plain(actions)}[/]"
    if seen.error:
        yield f"  [red]error[/]: {plain(seen.error)}"
    for line in seen.incidents:
        yield f"  [red]incident[/]: {plain(line)}"
    if seen.parked:
        yield f"  [red]a person must look[/]: {plain(seen.row.reason)}"


def _go_on(runtime: Runtime, case_id: str, console: Console) -> bool:
    """Drives a case on from its record alone; one that fails must not keep the others waiting."""
    try:
        outcome = solve(runtime, prepare_again(runtime.ledger.case(case_id).info, runtime.store))
    except TierwiseError as error:
        console.print(f"[red]{plain(case_id)}[/] could not go on: {plain(str(error))}")
        return False
    console.print(
        f"{plain(case_id)} is {outcome.status}{plain(f': {outcome.paused}' if outcome.paused else '')}"
    )
    return True
