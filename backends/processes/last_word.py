"""What the guard of a warm worker says when all is over: read by the driver, or by one that comes later.

A worker serves many jobs, and its guard counts for its whole life: what one job used is the difference to
where the worker stood when it began.
"""

import json
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from escalation.inputs.temporary import named_folder
from escalation.model.amounts import Amounts
from escalation.model.clock import boottime_s

PATIENCE_S = 1.0
POLL_S = 0.02


class LastWord:
    """The file that a worker's guard writes at its end, in a folder of its own."""

    def __init__(self) -> None:
        self.path = named_folder("worker") / "exit.json"

    def read(self) -> Mapping[str, Any] | None:
        """How they ended, see `guard.py`; None where nobody was left to say."""
        return _awaited(self.path)

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def began(path: str, cpu_s: float) -> dict[str, Any]:
    """What a worker notes of a job that it begins, for `used`."""
    return {"since_s": boottime_s(), "cpu_s": cpu_s, "last_word": path}


def used(noted: Mapping[str, Any] | None) -> Amounts:
    """What a job used that went with its worker; nothing where nobody was left to say."""
    if noted is None or "last_word" not in noted:
        return Amounts()
    ended = _awaited(Path(noted["last_word"]))
    if ended is None:
        return Amounts()
    wall_s = max(0.0, ended["ended_s"] - noted["since_s"])
    return Amounts(wall_s=wall_s, cpu_s=max(0.0, ended["cpu_s"] - noted["cpu_s"]))


def _awaited(path: Path) -> Mapping[str, Any] | None:
    """What the other half of a guard that was killed may say a little later."""
    until = time.monotonic() + PATIENCE_S
    while (ended := _read(path)) is None and path.parent.is_dir() and time.monotonic() < until:
        time.sleep(POLL_S)
    return ended


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document
    return None
