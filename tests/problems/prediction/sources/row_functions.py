"""Functions of rows that other processes import by name."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from escalation.model.errors import BadInput


def lengths(chunk: Any, *, log: str = "", times: int = 1) -> Any:
    """The length of each row, and a note of which process was asked for how many rows."""
    if log:
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()} {len(chunk)}\n")
    return np.array([[times * float(len(row))] for row in chunk])


def dies(chunk: Any, *, mark: str, always: bool = False) -> Any:
    """Takes its process down, the first time or every time; in the process of the test it does not."""
    if os.getpid() != int(Path(mark).read_text()) and (always or not Path(mark + ".died").exists()):
        Path(mark + ".died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return lengths(chunk)


def refuses(chunk: Any, *, unless: int) -> Any:
    if os.getpid() != unless:
        raise BadInput("row 3: expected something else")
    return lengths(chunk)


def flat(chunk: Any) -> Any:
    return np.zeros(len(chunk))


def signs(chunk: Any) -> Any:
    """The rows with their signs turned: zeros have two."""
    return -np.asarray(chunk)
