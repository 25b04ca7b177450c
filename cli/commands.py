"""The commands. Thin: every command imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from cli.before import before_app
from cli.completing import case_ids, device_names
from cli.examples import with_examples
from cli.looking import looking_app
from cli.options import Engine, EngineName, Json, Policy, say_version, whole_id
from cli.paid import budget_app, jobs_app
from cli.policies import policy_app
from cli.site import site_app
from cli.table_options import (
    AtLeast,
    AtMost,
    Categorical,
    Confidence,
    Drop,
    Group,
    Metric,
    Na,
    Positive,
    Seed,
    Sensitivity,
    TargetColumn,
    TaskOption,
    Time,
)  # fmt: skip

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="One access point to classical HPC, AI models and quantum hardware, decided under a policy.",
)
app.add_typer(before_app)
app.add_typer(looking_app)
app.add_typer(site_app)
app.add_typer(policy_app, name="policy")
app.add_typer(jobs_app, name="jobs")
app.add_typer(budget_app, name="budget")


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", callback=say_version, is_eager=True),
    ] = False,
) -> None:
    """One access point to classical HPC, AI models and quantum hardware, decided under a policy."""


@app.command()
def solve(
    *,
    problems: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Problem files (.yaml), or a table (.csv, .xlsx, …) with --target; none: --case goes on.",
            show_default=False,
        ),
    ] = None,
    policy: Policy = None,
    case: Annotated[
        str | None,
        typer.Option(
            help="Id of the case; an unfinished one is resumed, anywhere, by its beginning where no file is "
            "given.",
            autocompletion=case_ids,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the answer's files (predictions, a model, a schedule) to this new or empty folder.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a problem, nothing else.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print one line a problem, at its end.")
    ] = False,
    engine: Engine = EngineName.AUTO,
    target: TargetColumn = None,
    task: TaskOption = None,
    positive: Positive = None,
    metric: Metric = None,
    at_least: AtLeast = None,
    at_most: AtMost = None,
    confidence: Confidence = None,
    drop: Drop = None,
    categorical: Categorical = None,
    group: Group = None,
    time: Time = None,
    na: Na = None,
    data_class: Sensitivity = None,
    seed: Seed = None,
) -> None:
    """Solve problems. Exit 0 accepted, 3 abstained or refused, 4 held for a person, 5 waiting for a job,
    6 interrupted by the machine, 2 bad input.

    A table needs no problem file: --target names the column to predict, --at-least what must be reached.
    """
    from cli.solve import Showing, solve_or_stop
    from cli.tables import TableAsked

    columns = {
        "target": target,
        "task": task,
        "positive": positive,
        "drop": drop,
        "categorical": categorical,
        "group": group,
        "time": time,
        "na_values": na,
    }
    goal = {"metric": metric, "at_least": at_least, "at_most": at_most, "confidence": confidence}
    asked = TableAsked(columns, goal, {"data_class": data_class, "seed": seed})
    showing = Showing(as_json=json, quiet=quiet, out=out)
    raise typer.Exit(
        solve_or_stop(problems or [], policy, case, engine=str(engine), asked=asked, showing=showing)
    )


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
    policy: Policy = None,
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
    engine: Engine = EngineName.AUTO,
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
    case: Annotated[
        str | None,
        typer.Argument(
            help="Id of the case, or its beginning.",
            callback=whole_id,
            autocompletion=case_ids,
            show_default=False,
        ),
    ] = None,
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
            metavar="DEVICE",
            help="The calibrations kept of one device, oldest first, and its drift.",
            autocompletion=device_names,
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


with_examples(app)
