"""The commands that come before a run. Thin: each imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from cli.completing import family_names, mpi_machines
from cli.options import Json, Policy

before_app = typer.Typer()


@before_app.command()
def check(
    problems: Annotated[list[Path], typer.Argument(help="Problem files (YAML).", show_default=False)],
    policy: Policy = None,
    json: Json = False,
) -> None:
    """Say everything that is wrong with problem files and their data, with the lines to paste; runs nothing.

    Exit 0 all can be solved, 2 something is wrong.
    """
    from cli.check import check_files

    raise typer.Exit(check_files(problems, policy, as_json=json))


@before_app.command()
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


@before_app.command()
def new(
    family: Annotated[
        str,
        typer.Argument(
            metavar="FAMILY",
            help="A family of problems; a name that none has lists them.",
            autocompletion=family_names,
            show_default=False,
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND|FILE",
            help="Which of the family's templates, or a table to look at; default: the first template.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to; default: FAMILY.yaml here.", show_default=False),
    ] = None,
) -> None:
    """Write a commented problem file that solves as it stands, to be changed; nothing is overwritten."""
    from cli.new import write_template

    write_template(family, kind, out)


@before_app.command()
def features(
    problem: Annotated[
        Path, typer.Argument(metavar="PROBLEM", help="A problem file (YAML).", show_default=False)
    ],
    on: Annotated[
        str,
        typer.Option(metavar="BACKEND", help="The machine: mpi, slurm, pbs.", autocompletion=mpi_machines),
    ] = "mpi",
) -> None:
    """Make the features of a problem's pictures, signals or molecules over MPI ranks, before it is solved.

    They are kept by content: whatever reads the same data later finds them, here or where the home is shared.
    """
    from cli.features import make_ahead

    make_ahead(problem, on)
