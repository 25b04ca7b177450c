"""The command line of Tierwise. Thin: every command imports what it needs when it is called."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One access point to classical HPC, AI models and quantum hardware, decided under a policy.",
)
policy_app = typer.Typer(no_args_is_help=True, help="Check policies.")
app.add_typer(policy_app, name="policy")


class Engine(StrEnum):
    """Who drives the ladder."""

    AUTO = "auto"
    PREFECT = "prefect"
    PLAIN = "plain"


@app.command()
def solve(
    problems: Annotated[list[Path], typer.Argument(help="Problem files (YAML).", show_default=False)],
    policy: Annotated[
        str | None, typer.Option(help="A policy file, or the name of one that ships.", show_default=False)
    ] = None,
    case: Annotated[
        str | None, typer.Option(help="Id of the case; an unfinished one is resumed.", show_default=False)
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a problem, nothing else.")
    ] = False,
    engine: Annotated[
        Engine, typer.Option(help="auto: Prefect where a server is reachable, else in this process.")
    ] = Engine.AUTO,
) -> None:
    """Solve problems. Exit 0 accepted, 3 abstained or refused, 4 held for a person, 2 bad input."""
    from cli.solve import solve_or_stop

    raise typer.Exit(solve_or_stop(problems, policy, case, as_json=json, engine=str(engine)))


@app.command()
def explain(case: Annotated[str, typer.Argument(help="Id of the case.")]) -> None:
    """Say in plain words what was decided in a case, and why."""
    from cli.explain import explain_case

    explain_case(case)


@app.command()
def cases() -> None:
    """List the cases, newest first."""
    from cli.explain import list_cases

    list_cases()


@policy_app.command("check")
def policy_check(
    file: Annotated[str, typer.Argument(help="A policy file, or the name of one that ships.")],
) -> None:
    """Compile a policy's gates and run the tests inside it."""
    from cli.policy import check

    check(file)


@app.command()
def devices() -> None:
    """List backends and devices: what they are, when calibrated, median errors, layer fidelity."""
    from cli.devices import show_devices

    show_devices()


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="Port of the Prefect server; default: 4200, or a free one.")
    ] = None,
) -> None:
    """Start the Prefect server, the deployments and a worker; stop them on Ctrl-C."""
    from deployments.serve import serve as start

    start(port)


@app.command()
def doctor() -> None:
    """Check MPI, the Prefect server and the databases; say what is missing and how to get it."""
    from cli.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """Runs the command line; what went wrong is one line on standard error and an exit code."""
    try:
        app()
    except Exception as error:
        from escalation.errors import TierwiseError

        if not isinstance(error, TierwiseError):
            raise
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
