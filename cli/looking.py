"""The commands that look at cases. Thin: each imports what it needs when it is called."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.completing import case_ids
from cli.options import CaseId, CaseOrExport, FamilyName, Json, OptionalCaseOrExport, Since, whole_id

looking_app = typer.Typer()


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


@looking_app.command()
def explain(case: CaseOrExport) -> None:
    """Say in plain words what was decided in a case, and why."""
    from cli.explain import explain_case

    raise typer.Exit(explain_case(case))


@looking_app.command()
def show(
    case: CaseOrExport,
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

    raise typer.Exit(show_case(case, as_json=json, files=files))


@looking_app.command()
def report(
    case: CaseOrExport,
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

    raise typer.Exit(report_case(case, out))


@looking_app.command()
def predict(
    case: CaseOrExport,
    new: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Table (CSV, Parquet, Excel) with the columns that were learnt from.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a CSV file with all rows; nothing is overwritten.", show_default=False
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a row, and nothing else.")
    ] = False,
) -> None:
    """Apply an accepted model to new rows: prediction, reasons, and rows unlike what it learnt from."""
    from cli.predict import predict_rows

    raise typer.Exit(predict_rows(case, new, out, as_json=json))


@looking_app.command("open")
def open_(case: CaseId) -> None:
    """Show a case's report in the browser; where there is none, say where it is."""
    from cli.report import open_report

    raise typer.Exit(open_report(case))


@looking_app.command()
def cases(
    *,
    state: Annotated[
        list[CaseState] | None,
        typer.Option(help="Only those in this state; may be given several times.", show_default=False),
    ] = None,
    family: FamilyName = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="CASE",
            help="Only those older than this one: the next page.",
            callback=whole_id,
            autocompletion=case_ids,
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the cases, newest first, a page at a time."""
    from cli.explain import list_cases
    from escalation.model.case import CaseStatus
    from escalation.model.cases_wanted import CasesWanted

    states = frozenset(map(CaseStatus, state)) if state else None
    raise typer.Exit(
        list_cases(
            CasesWanted(states=states, family=family, since=since, limit=limit, after=after), as_lines=json
        )
    )


@looking_app.command()
def overview(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="From then on until now, in UTC; default: a week ago.",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            show_default=False,
        ),
    ] = None,
    weeks: Annotated[
        int | None,
        typer.Option(min=1, max=520, help="In place of --since: so many weeks.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write it there, as HTML or as Markdown by the name's ending; nothing is overwritten.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Say what was done in the last week, what it cost, what waits and was found, beside the week before."""
    from cli.overview import show_overview

    show_overview(since, weeks, out, as_json=json)


@looking_app.command()
def replay(
    *,
    case: OptionalCaseOrExport = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="In place of CASE: N cases that are over, half of them those not looked at for longest.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help="Whose signature an export must have; default: this site's key, else the one in it.",
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
    something did not or an export is not what was signed, 3 it cannot be told, because files of the case were
    pruned, 2 the case is not over.
    """
    from cli.replay import replay_case
    from cli.replay_sample import replay_sample
    from escalation.model.errors import BadInput

    if sample is not None:
        others = key is not None or recompute or everything
        raise typer.Exit(replay_sample(case, sample, others=others, as_json=json))
    if case is None:
        raise BadInput("expected the id of a case, the path of an export, or --sample N")
    raise typer.Exit(replay_case(case, key=key, recompute=recompute, everything=everything, as_json=json))


@looking_app.command()
def export(
    case: CaseId,
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


@looking_app.command()
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
    other_version: Annotated[
        bool,
        typer.Option(
            "--other-version",
            help="Take an export that says that another version of Tierwise wrote it, and leave its texts "
            "unchecked: whoever signs can say so.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Check an export: hashes, signature, chain, history, and whether each decision follows from its facts.

    Exit 0 where all fits, 1 where something does not, 2 where there is no export.
    """
    from cli.verify import verify_and_say

    raise typer.Exit(verify_and_say(export, key, mlflow, other_version=other_version, as_object=json))
