"""The commands on paid work and what may be spent. Thin: each imports what it needs when it is called."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import Json

jobs_app = typer.Typer(invoke_without_command=True)
budget_app = typer.Typer(invoke_without_command=True)

SubmissionId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="case/attempt/ordinal, a unique beginning of it, or the tag.", show_default=False
    ),
]


class Per(StrEnum):
    """Over what a limit counts."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


@jobs_app.callback()
def jobs(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    json: Json = False,
) -> None:
    """List the submissions of paid work: state, age, device, job, price, incidents."""
    if context.invoked_subcommand is None:
        from cli.jobs import list_jobs

        list_jobs(everything=everything, as_lines=json)


@jobs_app.command("cancel")
def jobs_cancel(submission: SubmissionId) -> None:
    """Give the work up: its job is cancelled where it still can be."""
    from cli.jobs import cancel

    cancel(submission)


@jobs_app.command("adopt")
def jobs_adopt(
    submission: SubmissionId,
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="Id of the job at the service.", show_default=False)
    ],
) -> None:
    """Say which job a parked submission is; the service is asked whether the job carries its tag."""
    from cli.jobs import adopt

    adopt(submission, job)


@jobs_app.command("bill")
def jobs_bill(
    submission: SubmissionId,
    qpu_s: Annotated[
        float,
        typer.Option("--qpu-s", help="Seconds charged, as the service's bill says.", show_default=False),
    ],
    usd: Annotated[float, typer.Option("--usd", help="US dollars charged.", show_default=False)],
) -> None:
    """Close the books of work that was given up, or whose charge cannot be believed: say what was charged."""
    from cli.jobs import bill

    bill(submission, qpu_s, usd)


@jobs_app.command("park")
def jobs_park(submission: SubmissionId) -> None:
    """Take a submission out of the machine's hands; its job goes on."""
    from cli.jobs import park

    park(submission)


@jobs_app.command("look")
def jobs_look(submission: SubmissionId) -> None:
    """Give a parked submission back: its job is asked after, or looked for, again."""
    from cli.jobs import look

    look(submission)


@budget_app.callback()
def budget(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Show limits, what is reserved and spent, and each estimate beside its bill."""
    if context.invoked_subcommand is None:
        from cli.budget import show_budget

        show_budget(as_object=json)


@budget_app.command("limit")
def budget_limit(
    project: Annotated[str, typer.Option(help="Its name, or `*` for all together.", show_default=False)],
    per: Annotated[Per, typer.Option(help="UTC days and months.", show_default=False)],
    usd: Annotated[float | None, typer.Option(help="US dollars at most.", show_default=False)] = None,
    qpu_s: Annotated[float | None, typer.Option(help="QPU seconds at most.", show_default=False)] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take the limit away.")] = False,
) -> None:
    """Set what a project may spend; it counts from the next job on."""
    from cli.budget import set_limit

    set_limit(project, str(per), {"usd": usd, "qpu_s": qpu_s}, lift=lift)
