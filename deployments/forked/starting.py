"""Starts the process that forks runs, and has a worker of Prefect's use it."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from prefect.workers.process import ProcessJobConfiguration


class WarmRun(ProcessJobConfiguration):
    """Has a run's process forked by the one that has imported everything, see `warm.py`."""

    warm: ClassVar[Path]

    def prepare_for_flow_run(self, *arguments: Any, **named: Any) -> None:
        """Says which command is the run."""
        client = Path(__file__).with_name("prefect_run.py")
        self.command = shlex.join([sys.executable, "-I", "-S", str(client), str(self.warm), sys.executable])
        super().prepare_for_flow_run(*arguments, **named)


@contextmanager
def warm() -> Iterator["subprocess.Popen[bytes]"]:
    """Runs `warm.py`, which ends with this process, and has runs use it once its socket is there.

    Until then, and without it, runs are slower, but they run.
    """
    with TemporaryDirectory(prefix="tierwise-warm-") as folder:
        WarmRun.warm = Path(folder) / "socket"
        command = [sys.executable, "-m", "deployments.forked.warm", str(WarmRun.warm)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
