"""Options that several commands have."""

from datetime import datetime
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, and nothing else.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        help="Only those opened then or later, in UTC.",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
        show_default=False,
    ),
]
