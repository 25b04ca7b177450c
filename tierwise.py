"""The command line of Tierwise. Thin: every command imports what it needs when it is called."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Since
from cli.paid import budget_app, jobs_app
from cli.policies import policy_app
from cli.site import site_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One access point to classical HPC, AI models and quantum hardware, decided under a policy.",
)
app.add_typer(site_app)
app.add_typer(policy_app, name="policy")
app.add_typer(jobs_app, name="jobs")
app.add_typer(budget_app, name="budget")


class CaseState(StrEnum):
    """How a case stands."""

    RUNNING = "running"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    HELD = "held"
    FAILED = "failed"
    ACCEPTED = "accepted"
    ABSTAINED = "abstained"
    REFUSED = "refused"


class EngineName(StrEnum):
    """Who drives the ladder."""

    AUTO = "auto"
    PREFECT = "prefect"
    PLAIN = "plain"


@app.command()
def solve(
    problems: Annotated[
        list[Path] | None,
        typer.Argument(help="Problem files (YAML); none: the case goes on.", show_default=False),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="A policy file, or the name of one that ships.", show_default=False)
    ] = None,
    case: Annotated[
        str | None,
        typer.Option(help="Id of the case; an unfinished one is resumed, anywhere.", show_default=False),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a problem, nothing else.")
    ] = False,
    engine: Annotated[
        EngineName, typer.Option(help="auto: Prefect where a server is reachable, else in this process.")
    ] = EngineName.AUTO,
) -> None:
    """Solve problems. Exit 0 accepted, 3 abstained or refused, 4 held for a person, 5 waiting for a job,
    6 interrupted by the machine, 2 bad input."""
    from cli.solve import solve_or_stop

    raise typer.Exit(solve_or_stop(problems or [], policy, case, as_json=json, engine=str(engine)))


@app.command()
def check(
    problems: Annotated[list[Path], typer.Argument(help="Problem files (YAML).", show_default=False)],
    policy: Annotated[
        str | None, typer.Option(help="A policy file, or the name of one that ships.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Say everything that is wrong with problem files and their data, with the lines to paste; runs nothing.

    Exit 0 all can be solved, 2 something is wrong.
    """
    from cli.check import check_files

    raise typer.Exit(check_files(problems, policy, as_json=json))


@app.command()
def inspect(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A CSV or a Parquet file.", show_default=False)
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column to predict; default: one that looks like it.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Show a table's columns, all that is wrong with them, and a problem file that solves as it stands.

    Exit 0 where there is such a file, 2 where there is none.
    """
    from cli.inspect import inspect_table

    raise typer.Exit(inspect_table(table, {} if target is None else {"target": target}, as_json=json))


@app.command()
def batch(
    *,
    problems: Annotated[
        list[str],
        typer.Argument(
            metavar="PROBLEMS",
            help="Problem files (.yaml), folders of them, lists (.txt, .list, .jsonl) with a path or a "
            "problem as JSON a line.",
            show_default=False,
        ),
    ],
    policy: Annotated[
        str | None, typer.Option(help="A policy file, or the name of one that ships.", show_default=False)
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            help="Begins the ids of its cases; under another name all is solved anew.", show_default=False
        ),
    ] = "",
    workers: Annotated[
        int, typer.Option(help="Cases at once; default: as many as there are processors.", show_default=False)
    ] = 0,
    processes: Annotated[
        int,
        typer.Option(
            help="Processes that solve them; default: one a processor, where there are problems enough.",
            show_default=False,
        ),
    ] = 0,
    usd: Annotated[
        float | None, typer.Option(help="US dollars at most, all together.", show_default=False)
    ] = None,
    qpu_s: Annotated[
        float | None, typer.Option(help="QPU seconds at most, all together.", show_default=False)
    ] = None,
    wall_s: Annotated[
        float | None, typer.Option(help="Elapsed seconds of this run at most.", show_default=False)
    ] = None,
    cpu_s: Annotated[
        float | None, typer.Option(help="CPU seconds of this run at most.", show_default=False)
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a problem, then one of all, nothing else.")
    ] = False,
    engine: Annotated[
        EngineName, typer.Option(help="auto: Prefect where a server is reachable, else in this process.")
    ] = EngineName.AUTO,
) -> None:
    """Solve many problems in warm processes; run again, it goes on with what is left. A bad one is a line.

    Exit as `solve`, of the worst: 1 failed, 6 interrupted, 2 bad input, 4 held for a person, 5 waiting for a
    job, 3 not started, abstained or refused, 0 all accepted.
    """
    from cli.batch import batch_or_stop, plan_of

    budget = {"usd": usd, "qpu_s": qpu_s, "wall_s": wall_s, "cpu_s": cpu_s}
    plan = plan_of(name, policy, workers, budget, processes)
    raise typer.Exit(batch_or_stop(problems, plan, engine=str(engine), as_json=json))


@app.command()
def explain(case: Annotated[str, typer.Argument(help="Id of the case.")]) -> None:
    """Say in plain words what was decided in a case, and why."""
    from cli.explain import explain_case

    explain_case(case)


@app.command()
def show(
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    json: Json = False,
    files: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the answer's files there (a schedule, a calendar, proofs); nothing is overwritten.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what a case came to, as `solve` ended; --json prints the outcome as `solve --json` does."""
    from cli.outcome import show_case

    show_case(case, as_json=json, files=files)


@app.command()
def replay(
    case: Annotated[
        str,
        typer.Argument(metavar="CASE", help="Id of the case, or its export: a ZIP, or a folder as ./FOLDER."),
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help="Whose signature an export must have; default: that of the key in it.",
            show_default=False,
        ),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute/--from-results",
            help="Run classical, AI and simulated work again, or take every stored result.",
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every difference, not the first alone, from which others follow.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Drive a case's ladder again from its record, and compare every decision, candidate and certificate.

    Nothing is written to the record, and nothing that is paid for is sent. Exit 0 all came out as recorded, 5
    something did not or an export is not what was signed, 2 the case is not over.
    """
    from cli.replay import replay_case

    raise typer.Exit(replay_case(case, key=key, recompute=recompute, everything=everything, as_json=json))


@app.command()
def report(
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write it there, as HTML or as PDF by the name's ending; nothing is overwritten.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say where a case's report is, or write it as a file for others: FILE.html or FILE.pdf."""
    from cli.report import report_case

    report_case(case, out)


@app.command()
def cases(
    state: Annotated[
        list[CaseState] | None,
        typer.Option(help="Only those in this state; may be given several times.", show_default=False),
    ] = None,
    family: Annotated[str | None, typer.Option(help="Only those of this family.", show_default=False)] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="CASE", help="Only those older than this one: the next page.", show_default=False
        ),
    ] = None,
) -> None:
    """List the cases, newest first, a page at a time."""
    from cli.explain import list_cases
    from escalation.model.case import CaseStatus
    from escalation.model.cases_wanted import CasesWanted

    states = frozenset(map(CaseStatus, state)) if state else None
    list_cases(CasesWanted(states=states, family=family, since=since, limit=limit, after=after))


@app.command()
def export(
    case: Annotated[str, typer.Argument(help="Id of the case.")],
    out: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="The folder to make, or, where it ends in .zip, the file; nothing is overwritten.",
            show_default=False,
        ),
    ],
) -> None:
    """Write all that is on record of a case, whatever became of it, for somebody else to check, signed."""
    from cli.export import export_case

    export_case(case, out)


@app.command()
def verify(
    export: Annotated[
        Path, typer.Argument(metavar="EXPORT", help="What `tierwise export` wrote.", show_default=False)
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help="Whose signature is trusted, as `tierwise keys show` prints it there; default: this site's "
            "key, and where it has none, the key in the export.",
            show_default=False,
        ),
    ] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Compare what MLflow shows of the case there with the export, too; `site`: this site's own.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Check an export: hashes, signature, chain, history, and whether each decision follows from its facts.

    Exit 0 where all fits, 1 where something does not, 2 where there is no export.
    """
    from cli.verify import verify_and_say

    raise typer.Exit(verify_and_say(export, key, mlflow, as_object=json))


@app.command()
def reconcile(
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Go on with the cases that wait for nothing any more.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Look after submissions that no living process looks after: adopt, fetch, settle, bill, park; once."""
    from cli.reconcile import reconcile_once

    raise typer.Exit(reconcile_once(go_on=go_on, as_object=json))


@app.command()
def approve(
    *,
    case: Annotated[str | None, typer.Argument(help="Id of the case.", show_default=False)] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the open questions of all cases.")] = False,
    deny: Annotated[bool, typer.Option("--deny", help="Refuse.")] = False,
    by: Annotated[
        str | None, typer.Option(help="Who answers; default: the user of this terminal.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.", show_default=False)] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked again.")] = False,
    json: Json = False,
) -> None:
    """Answer what a held case asks a person: device, price and reasons are shown first. No answer means no.

    Exit 0 answered, 4 not answered.
    """
    from cli.approve import answer_or_list

    raise typer.Exit(
        answer_or_list(case, listing=listing, deny=deny, by=by, reason=reason, yes=yes, as_lines=json)
    )


@app.command()
def devices(
    history: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE", help="The calibrations kept of one device, oldest first, and its drift."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List backends and devices: what they are, when calibrated, median errors, layer fidelity."""
    from cli.devices import show_devices, show_history

    if history is None:
        show_devices(as_lines=json)
    else:
        show_history(history, as_lines=json)


def main() -> None:
    """Runs the command line; what went wrong is one line on standard error and an exit code."""
    from cli.failure import guarded
    from escalation.inputs.surroundings import PRIVATE, settle

    settle()
    os.umask(PRIVATE)

    guarded(app)


if __name__ == "__main__":
    main()
