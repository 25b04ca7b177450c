"""The commands of whoever runs a site. Thin: each imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, whole_id

site_app = typer.Typer()
keys_app = typer.Typer(no_args_is_help=True, help="The key with which this site signs its records.")
site_app.add_typer(keys_app, name="keys")
ledger_app = typer.Typer(no_args_is_help=True, help="Check the ledger, and make MLflow's view of it anew.")
site_app.add_typer(ledger_app, name="ledger")
users_app = typer.Typer(no_args_is_help=True, help="Who signs in to what `tierwise serve` shows.")
site_app.add_typer(users_app, name="users")


@site_app.command()
def serve(
    *,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the Prefect server; default: 4200, or a free one."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of this machine to listen at; default: 127.0.0.1, for its own programs alone.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="What users of other machines call it, as https://NAME; no other name is answered to.",
            show_default=False,
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Prefect's own database, as postgresql+asyncpg://USER@HOST/NAME, without a password; "
            "default: SQLite in the home folder.",
            show_default=False,
        ),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="No worker here: `tierwise worker` takes the runs elsewhere.")
    ] = False,
    practice: Annotated[
        bool, typer.Option("--practice", help="A practice service too, in place of a real one; no hardware.")
    ] = False,
) -> None:
    """Start the Prefect server, the deployments and a worker; stop them on Ctrl-C."""
    from deployments.serve import serve as start
    from deployments.serve import wanted

    start(wanted(port, host, url, database, practice=practice, worker=not no_worker))


@site_app.command()
def worker(
    name: Annotated[
        str | None,
        typer.Option(help="What Prefect's pages call it; default: one is made up.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time at most; default: no limit.", show_default=False)
    ] = None,
) -> None:
    """Take runs of the Prefect server that PREFECT_API_URL names, on this machine; stop on Ctrl-C."""
    from deployments.worker import work

    work(name, limit)


@site_app.command()
def deploy() -> None:
    """Put work pool, variables and deployments on the Prefect server that PREFECT_API_URL names."""
    from deployments.setup import deploy_to_server

    deploy_to_server()


@site_app.command()
def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder for back-ups alone.", show_default=False)
    ],
) -> None:
    """Back up the ledger, and the bytes of the store that it names, while cases run.

    Each call adds one back-up; bytes that the folder has are not copied again.
    """
    from cli.backup import back_up_records

    back_up_records(folder)


@site_app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of back-ups.", show_default=False)],
    ledger: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Which back-up; default: the newest.", show_default=False),
    ] = None,
) -> None:
    """Put a back-up into an empty ledger, and its bytes into the store; then check both.

    Exit 1 where something does not fit.
    """
    from cli.backup import restore_records

    raise typer.Exit(restore_records(folder, ledger))


@site_app.command()
def prune(
    *,
    older_than: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            help="Of cases that ended so many days ago. Where TIERWISE_RETENTION_DAYS states periods, it "
            "can only lengthen them, and a class of data without one is kept for ever all the same; where "
            "it states none, this holds for every class.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it is only listed.")] = False,
    hold: Annotated[
        str | None,
        typer.Option(
            metavar="CASE",
            help="Put a legal hold on a case: nothing of it goes, however old it is.",
            callback=whole_id,
            show_default=False,
        ),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(metavar="CASE", help="Take its legal hold away.", callback=whole_id, show_default=False),
    ] = None,
    because: Annotated[
        str, typer.Option(help="Why, for the record; with --hold and --release.", show_default=False)
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Give up stored files of cases that ended long ago (data, models, work, reports); lists without --yes.

    Decisions, certificates, costs, approvals, the chain of events and all that was paid for are kept, and so
    is every file of a case that is not over, is under legal hold, or shares the file. Exit 1 where something
    could not be given up.
    """
    from cli.prune import prune_or_list, set_hold

    if hold is not None or release is not None:
        set_hold(hold, release, because, also=yes or older_than is not None)
        return
    raise typer.Exit(prune_or_list(older_than, because, sure=yes, as_object=json))


@site_app.command()
def pilot(
    *,
    tags: Annotated[
        list[str] | None,
        typer.Argument(metavar="PILOT", help="With --stop: which; default: all.", show_default=False),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the pilots.")] = False,
    stopping: Annotated[bool, typer.Option("--stop", help="Have pilots end, their runs first.")] = False,
    under: Annotated[
        str, typer.Option(help="Batch system, and partition or queue: slurm, slurm:short.")
    ] = "slurm",
    count: Annotated[int, typer.Option(help="How many pilots.")] = 1,
    limit: Annotated[
        str, typer.Option("--time", help="Of each: minutes, H:MM:SS or D-HH:MM:SS.")
    ] = "1:00:00",
    cores: Annotated[int, typer.Option(help="Of each; so many runs at a time.")] = 1,
    memory: Annotated[
        int | None, typer.Option(help="MiB of each; default: 2048 a core.", show_default=False)
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(help="Runs at a time of each; default: as many as cores.", show_default=False),
    ] = None,
    pool: Annotated[str, typer.Option(help="Work pool that they take runs of.")] = "tierwise",
    queue: Annotated[
        list[str] | None,
        typer.Option(help="Work queue of the pool; may be repeated; default: all.", show_default=False),
    ] = None,
    idle: Annotated[float, typer.Option(help="Seconds without a run after which one ends.")] = 600.0,
    json: Json = False,
) -> None:
    """Submit workers into allocations of a batch system, for many small pieces of work."""
    from cli.pilot import PilotOptions, list_pilots, send_pilots, stop_pilots

    asked = PilotOptions(under, count, limit, cores, memory, runs, pool, tuple(queue or ()), idle)
    if listing or stopping or tags:
        one = list_pilots if listing else stop_pilots
        one(asked, tags or [], alone=listing != stopping, as_lines=json)
    else:
        send_pilots(asked)


@users_app.command("add")
def users_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom.", show_default=False)],
) -> None:
    """Let somebody sign in; asks for a password, or makes one up. It counts at once.

    Where standard input is no terminal, its first line is the password.
    """
    from cli.users import add

    add(name)


@users_app.command("list")
def users_list() -> None:
    """Print who can sign in, a name a line; none where the server's one credential does."""
    from cli.users import show

    show()


@users_app.command("remove")
def users_remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom.", show_default=False)],
) -> None:
    """Let somebody in no more, and close what is open. It counts at once."""
    from cli.users import remove

    remove(name)


@keys_app.command("make")
def keys_make() -> None:
    """Make the site's key, for its user alone, and print its public half: hand that to whoever checks."""
    from cli.keys import make

    make()


@keys_app.command("show")
def keys_show(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Print the public half of the site's key as PEM."""
    from cli.keys import show

    show(as_object=json)


@keys_app.command("accept")
def keys_accept(
    key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Public half of a further key that signed this ledger's heads; may be repeated.",
            show_default=False,
        ),
    ] = None,
    lost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY_ID",
            help="A key whose public half nobody has: what it signed is passed over; may be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say that the site's key was changed, or that this home's copy of signed heads was lost.

    From then on the ledger counts as it is. One that is older than a head that can be checked is refused.
    """
    from cli.keys import accept

    accept(key or [], lost or [])


@ledger_app.command("check")
def ledger_check(
    key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Public half of a key that heads were signed with before; may be repeated.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check chains, rows, history, checkpoints, signed heads, the store, and MLflow; a line a finding.

    Exit 1 where something does not fit.
    """
    from cli.ledger import check

    raise typer.Exit(check(key or [], as_lines=json))


@ledger_app.command("rebuild-mlflow")
def ledger_rebuild(
    into: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="MLflow elsewhere, as sqlite:////ABSOLUTE/PATH; default: the site's own, if that is empty.",
            show_default=False,
        ),
    ] = None,
    artifacts: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of its files; default: beside a SQLite file.", show_default=False
        ),
    ] = None,
) -> None:
    """Make MLflow's view of all cases anew, from ledger and store.

    Exit 1 where MLflow did not take all of it.
    """
    from cli.ledger import rebuild

    raise typer.Exit(rebuild(into, artifacts))


@site_app.command()
def doctor() -> None:
    """Check MPI, the Prefect server and the databases; say what is missing and how to get it."""
    from cli.doctor import examine

    raise typer.Exit(examine())
