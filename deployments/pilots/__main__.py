"""A pilot, inside its job: `python -m deployments.pilots FOLDER`. Ends by itself; says why in its folder."""

import os
import subprocess
import sys
import time
from pathlib import Path

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

    from deployments.forked.starting import WarmRun, warm
    from deployments.pilots.worker import PilotWorker

    async def fly() -> tuple[int, str]:
        worker = PilotWorker(folder, folder.plan(), began_s)
        reason = await worker.fly()
        return worker.runs, reason

    with warm() as process:
        _wait_for(process, WarmRun.warm)
        return anyio.run(fly)


def _wait_for(warm: "subprocess.Popen[bytes]", place: Path) -> None:
    """Until it has imported everything, or has ended: a pilot's first run is a fork too."""
    until = time.monotonic() + WARM_S
    while not place.exists() and warm.poll() is None and time.monotonic() < until:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
