"""A pilot, inside its job: `python -m deployments.pilots FOLDER`. Ends by itself; says why in its folder."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deployments.pilots.plan import PilotFolder
from escalation.model.clock import boottime_s
from escalation.model.errors import TierwiseError
from flows.engine import use_server

WARM_S = 120.0
"""Seconds that its imports may take."""


def main() -> None:
    """Reads the command line, and takes runs until there is a reason to end."""
    began_s, folder = boottime_s(), PilotFolder(Path(sys.argv[1]))
    try:
        os.environ.update({"PREFECT_WORKER_QUERY_SECONDS": "2", **os.environ, **folder.secrets()})
        folder.note(runs=0, under_way=0)
        runs, reason = _fly(folder, began_s)
        folder.note(runs=runs, under_way=0, ended=reason)
    except TierwiseError as error:
        folder.note(runs=0, under_way=0, ended=str(error))
        sys.exit(f"{error}")
    finally:
        folder.over()


def _fly(folder: PilotFolder, began_s: float) -> tuple[int, str]:
    """Returns how many runs it took, and why it ended; raises `BadInput` where the server cannot be used."""
    use_server()
    # Prefect reads its settings when it is imported
    import anyio

    from deployments.pilots.worker import PilotWorker

    async def fly(warm: Path) -> tuple[int, str]:
        worker = PilotWorker(folder, folder.plan(), began_s, warm)
        reason = await worker.fly()
        return worker.runs, reason

    with _warm() as warm:
        return anyio.run(fly, warm)


@contextmanager
def _warm() -> Iterator[Path]:
    """Runs `warm.py`; yields its socket, once it is there. Without it runs are slower, but they run."""
    with TemporaryDirectory(prefix="tierwise-pilot-") as folder:
        place = Path(folder) / "socket"
        command = [sys.executable, "-m", "deployments.pilots.warm", str(place)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        until = time.monotonic() + WARM_S
        while not place.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        try:
            yield place
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    main()
