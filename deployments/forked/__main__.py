"""The worker of a pool: `python -m deployments.forked POOL [--name NAME] [--limit N]`."""

import argparse
import signal
from functools import partial
from typing import Any

import anyio
from prefect.workers.process import ProcessWorker

from deployments.forked.starting import WarmRun, warm


class ForkingWorker(ProcessWorker):
    """Prefect's process worker, whose runs are forks: they begin seconds earlier."""

    type = "tierwise-forking"  # Prefect keeps a register of them by type
    job_configuration = WarmRun

    async def work(self) -> None:
        """Takes runs until SIGTERM or SIGINT."""
        with (
            anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals,
            anyio.CancelScope() as scope,
        ):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_told, signals, scope)
                await self.start(printer=partial(print, flush=True))  # whoever reads a file waits for it


ForkingWorker.type = "process"
"""What Prefect compares with the type of the pool."""


async def _until_told(signals: Any, scope: anyio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()


def main() -> None:
    """Reads the command line, and takes runs."""
    asked = argparse.ArgumentParser(prog="python -m deployments.forked")
    asked.add_argument("pool")
    asked.add_argument("--name", help="what the pages call it; default: one is made up")
    asked.add_argument("--limit", type=int, help="of runs at a time; default: none")
    given = asked.parse_args()
    with warm():
        worker = ForkingWorker(
            name=given.name, work_pool_name=given.pool, limit=given.limit, create_pool_if_not_found=False
        )
        anyio.run(worker.work)


if __name__ == "__main__":
    main()
