"""`tierwise show`."""

import json
import sys
from pathlib import Path

from cli.files import write_files
from cli.show import show_outcome
from cli.submissions import handed_off
from cli.terminal import terminal
from cli.unsealed import say_unsealed
from escalation.model.case import Outcome
from records.outcomes import outcome
from records.runtime import open_records


def show_case(case_id: str, *, as_json: bool, files: Path | None = None) -> int:
    """Prints the outcome of a case as the ledger has it, in the way in which `tierwise solve` ends.

    Where files are asked for, they are written, and a line on each takes the place of the panel.

    Returns:
        The exit code: 1 where the record is not as it was sealed, else 0.

    Raises:
        BadInput: when there is no such case, or its files cannot be written.
    """
    with open_records() as (ledger, _):
        unsealed = say_unsealed(ledger, case_id)
    result = outcome(case_id)
    lines = [] if files is None else answer_files(result, files)
    if as_json:
        sys.stdout.write(json.dumps(result.summary()) + "\n")
    elif files is None:
        with open_records() as (ledger, _):
            info = ledger.case(case_id).info
        show_outcome(terminal(), info, result, handed_off(case_id))
    for line in lines:
        (sys.stderr if as_json else sys.stdout).write(line + "\n")
    return 1 if unsealed else 0


def answer_files(result: Outcome, folder: Path) -> list[str]:
    """Writes the files of an answer out of the store; returns a line on each.

    Raises:
        BadInput: when there are none, or they cannot be written.
    """
    with open_records() as (_, store):
        files = {name: store.get(digest) for name, digest in result.files.items()}
    return write_files(result.case_id, files, folder)
