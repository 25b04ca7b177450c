"""Options that several commands have."""

import os
import platform
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer

from cli.completing import case_ids, family_names, policies


def whole_id(context: typer.Context, given: str | None) -> str | None:
    """The id of the case that begins so; what begins none is left for the command to complain about.

    Raises:
        BadInput: where several cases begin so, naming them.
    """
    if given is None or context.resilient_parsing or os.path.sep in given or os.path.exists(given):
        return given
    from records.runtime import open_records

    with open_records() as (ledger, _):
        return ledger.whole_id(given)


CaseId = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="Id of the case, or a beginning that no other case has.",
        callback=whole_id,
        autocompletion=case_ids,
        show_default=False,
    ),
]
_CASE_OR_EXPORT = typer.Argument(
    metavar="CASE",
    help="Id of the case or its beginning, or its export: a ZIP, or a folder as ./FOLDER.",
    callback=whole_id,
    autocompletion=case_ids,
    show_default=False,
)
CaseOrExport = Annotated[str, _CASE_OR_EXPORT]
OptionalCaseOrExport = Annotated[str | None, _CASE_OR_EXPORT]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, and nothing else.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        help="Only those opened then or later, in UTC.",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
        show_default=False,
    ),
]


class EngineName(StrEnum):
    """Who drives the ladder."""

    AUTO = "auto"
    PREFECT = "prefect"
    PLAIN = "plain"


Engine = Annotated[
    EngineName, typer.Option(help="auto: Prefect where a server is reachable, else in this process.")
]
_POLICY = "A policy file, or the name of one that ships."
Policy = Annotated[str | None, typer.Option(help=_POLICY, autocompletion=policies, show_default=False)]
PolicyFile = Annotated[str, typer.Argument(help=_POLICY, autocompletion=policies)]
FamilyName = Annotated[
    str | None,
    typer.Option(help="Only those of this family.", autocompletion=family_names, show_default=False),
]


def say_version(asked: bool) -> None:
    """Prints what is installed, and ends."""
    if asked:
        typer.echo(f"tierwise {version('tierwise')} (Python {platform.python_version()})")
        raise typer.Exit
