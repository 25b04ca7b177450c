"""Prefect's process worker, bounded: by an end, by idleness, and by whoever asks it to stop."""

import signal
from typing import Any

import anyio
from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessWorker

from deployments.forked.starting import WarmRun
from deployments.pilots.plan import PilotFolder, PilotPlan
from deployments.worker import interrupt_runs
from escalation.model.clock import boottime_s

_LOOK_S = 0.5


class PilotWorker(ProcessWorker):
    """Takes runs until its time comes, then none; says why it ended."""

    type = "tierwise-pilot"  # Prefect keeps a register of them by type
    job_configuration = WarmRun

    def __init__(self, folder: PilotFolder, plan: PilotPlan, began_s: float, **options: Any) -> None:
        super().__init__(
            name=plan.tag,
            work_pool_name=plan.pool,
            work_queues=list(plan.queues) or None,
            limit=plan.limit,
            create_pool_if_not_found=False,
            **options,
        )
        self._folder, self._plan = folder, plan
        self._ends_s = began_s + plan.wall_s - plan.margin_s
        self._busy_s = boottime_s()
        self._taken: set[str] = set()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Asks for runs and starts them, unless it is about to end."""
        if self.ending() is not None:
            return []
        runs = await super().get_and_submit_flow_runs()
        self._taken |= {str(run.id) for run in runs}
        if runs:
            self._busy_s = boottime_s()
        return runs

    def ending(self) -> str | None:
        """Why it takes no more runs; None while it does."""
        if self._folder.stopping:
            return "stopped"
        if boottime_s() >= self._ends_s:
            return "its time is nearly up"
        if not self.under_way and boottime_s() - self._busy_s >= self._plan.idle_s:
            return f"nothing came for {self._plan.idle_s:g} s"
        return None

    @property
    def under_way(self) -> int:
        """Runs that it has begun and that have not ended."""
        return int(self.limiter.borrowed_tokens) if self._limiter else 0

    async def fly(self) -> str:
        """Works until its end, has what still runs then end by itself, and returns why it ended."""
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.start)
                reason = await self._until_its_end()
                if self.under_way:
                    await anyio.to_thread.run_sync(interrupt_runs)
                with anyio.move_on_after(self._plan.margin_s / 4):
                    while self.under_way:
                        await anyio.sleep(_LOOK_S)
                scope.cancel()
        return reason

    async def _until_its_end(self) -> str:
        reason: str | None = None
        said: tuple[int, int] | None = None
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._stop_at, signals)
                while (reason := self.ending()) is None:
                    if self.under_way:
                        self._busy_s = boottime_s()
                    if said != (now := (len(self._taken), self.under_way)):
                        said = now
                        self._folder.note(runs=now[0], under_way=now[1])
                    await anyio.sleep(_LOOK_S)
                tasks.cancel_scope.cancel()
        return reason or "stopped"

    async def _stop_at(self, signals: Any) -> None:
        async for _ in signals:
            self._folder.ask_to_stop()

    @property
    def runs(self) -> int:
        """Runs that it has taken so far."""
        return len(self._taken)


PilotWorker.type = "process"
"""What Prefect compares with the type of the pool."""
