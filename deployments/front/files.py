"""Small files of secrets in the served home: whole or not at all, and for their user alone."""

import json
import os
from pathlib import Path
from typing import Any

from escalation.inputs.home import OTHERS
from escalation.inputs.whole_files import write_whole
from escalation.model.errors import BadInput


def read_table(file: Path) -> dict[str, Any]:
    """What is in the file; empty where there is none.

    Raises:
        BadInput: when others can read or write it, or it is no such file.
    """
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    with os.fdopen(number, encoding="utf-8") as opened:
        status = os.fstat(number)
        if status.st_uid not in {os.geteuid(), 0} or status.st_mode & OTHERS:
            raise BadInput(f"{file}: expected a file that its user alone can read and write; chmod 600 it")
        try:
            found = json.load(opened)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        raise BadInput(
            f"{file}: expected a JSON object as `tierwise` writes it; remove the file to begin anew"
        )
    return found


def write_table(file: Path, table: dict[str, Any]) -> None:
    """Puts the file into its place whole, for its user alone."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(file, json.dumps(table).encode(), durable=True)
