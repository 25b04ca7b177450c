"""A flow that waits for its end, and writes down that it saw it come."""

import signal
from pathlib import Path

from prefect import flow


@flow
def long_flow(folder: str) -> None:
    """Leaves `begun` in the folder, and `ended` when it is interrupted."""
    Path(folder, "begun").touch()
    try:
        while True:
            signal.pause()
    finally:
        Path(folder, "ended").touch()
