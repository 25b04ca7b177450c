"""`tierwise batch`."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.solve import choose_engine, say_beforehand
from cli.terminal import plain, terminal
from escalation.engine.batch import Batch, Told
from escalation.engine.batch_plan import BatchPlan
from escalation.inputs.problem_lists import ProblemSource, problem_sources
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.text.rounding import at_worst
from escalation.text.wording import counted
from records.batches.processes import in_processes
from records.runtime import open_runtime

STOPPED = 130
_STYLE = {
    ProblemEnd.FAILED: "bold red",
    ProblemEnd.INTERRUPTED: "red",
    ProblemEnd.BUSY: "red",
    ProblemEnd.BAD_INPUT: "red",
    ProblemEnd.HELD: "blue",
    ProblemEnd.WAITING: "blue",
    ProblemEnd.ACCEPTED: "green",
    ProblemEnd.DUPLICATE: "dim",
}
MOST_SHOWN = 20
"""Of those that need a person, the most that are said again at the end."""

Run = Callable[[Told], BatchReport]


def plan_of(
    name: str, policy: str | None, workers: int, budget: Mapping[str, float | None], processes: int
) -> BatchPlan:
    """The plan that the options state.

    Raises:
        BadInput: when one of them cannot be used.
    """
    return BatchPlan(name, policy, workers, parse(Caps, dict(budget), "budget"), processes=processes)


def batch_or_stop(given: Sequence[str], plan: BatchPlan, *, engine: str, as_json: bool) -> int:
    """Solves a batch, with a line a problem as it ends; returns the exit code, 130 on Ctrl-C.

    Raises:
        BadInput: when the batch as a whole cannot be run; a bad problem in it is a line.
    """
    sources = problem_sources(given, Path.cwd())
    say_beforehand()
    console = terminal(stderr=as_json, quiet=as_json)
    rows: list[BatchRow] = []
    try:
        with (
            _running(given, sources, plan, choose_engine(engine), console) as run,
            _shown(console, len(sources)) as show,
        ):

            def told(row: BatchRow) -> None:
                rows.append(row)
                show(row)
                if as_json:
                    sys.stdout.write(json.dumps(row.to_json()) + "\n")
                    sys.stdout.flush()

            report = run(told)
        code = report.code
    except KeyboardInterrupt:
        rows.sort(key=lambda row: row.number)
        report, code = BatchReport(name=plan.name, problems=len(sources), rows=tuple(rows)), STOPPED
        sys.stderr.write("stopped; the same command goes on with what is left\n")
    if as_json:
        sys.stdout.write(json.dumps(report.summary()) + "\n")
    else:
        show_summary(console, report)
    return code


@contextmanager
def _running(
    given: Sequence[str], sources: Sequence[ProblemSource], plan: BatchPlan, engine: str, console: Console
) -> Iterator[Run]:
    """What runs the batch: in this process, or as a flow run of it."""
    with ExitStack() as stack:
        if engine == "prefect":
            from cli.prefect_engine import prefect_batch

            yield stack.enter_context(prefect_batch(console, given, plan))
        else:
            runtime = stack.enter_context(open_runtime())
            yield lambda told: Batch(runtime, sources, plan, told, solving=in_processes).run()


@contextmanager
def _shown(console: Console, count: int) -> Iterator[Told]:
    """Prints a line a row, above a bar where somebody looks."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("solving", total=count)

        def show(row: BatchRow) -> None:
            bar.console.print(line(row), soft_wrap=True)
            bar.advance(task)

        yield show


def line(row: BatchRow) -> str:
    """A row in a line of markup: `12 accepted hpc/scan 9 morning-1a2b… problems/a.yaml`."""
    style = _STYLE.get(row.status, "yellow")
    best = f" {row.tier}/{row.method}" if row.method else ""
    value = "" if row.value is None else f" {at_worst(row.value, row.target)}"
    case = f" {row.case_id}" if row.case_id else ""
    earlier = " [dim]ended earlier[/]" if row.earlier else ""
    # which may begin with the same name, as of a file that is not there
    why = f": {plain(row.why.removeprefix(f'{row.problem}: '))}" if row.why else ""
    return f"{row.number} [{style}]{row.status}[/]{best}{value}{case} {plain(row.problem)}{earlier}{why}"


def show_summary(console: Console, report: BatchReport) -> None:
    """Prints the counts, the cost, and again what needs a person."""
    needed = report.for_a_person
    if needed:
        console.rule(f"[bold]{len(needed)} for a person", align="left")
        for row in needed[:MOST_SHOWN]:
            console.print(line(row), soft_wrap=True)
        if len(needed) > MOST_SHOWN:
            console.print(f"and {len(needed) - MOST_SHOWN} more, above")
    costs = ", ".join(resource.told(value) for resource, value in report.cost.told())
    problems = counted(report.problems, "problem", "problems")
    console.print(f"[bold]{problems}[/]: {plain(report.in_words)}", soft_wrap=True)
    earlier = sum(row.earlier for row in report.rows)
    among = f", {earlier} of them ended earlier" if earlier else ""
    console.print(f"sum over all cases{among}: {costs}", soft_wrap=True)
