"""Sends pilots to a batch system, lists them, and has them end. Nothing here takes a run itself."""

import os
import secrets
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from backends.batch import fits
from backends.batch.backend import BatchBackend
from backends.batch.commands import run
from backends.batch.jobs import JobSeen, JobWanted
from backends.processes.guarded import GUARD, ROOT
from deployments.pilots.plan import PilotFolder, PilotPlan
from escalation.inputs.surroundings import LOOPBACK
from escalation.model.errors import BackendError, BadInput
from escalation.model.resources import Resources
from escalation.ports.configuration import settings
from escalation.ports.registry import backends, resolve
from escalation.text.rounding import rounded
from flows.engine import use_server

MOST = 1000
STOP_S = 90.0
"""Seconds that a pilot which was asked to end is given, before its job is cancelled."""
LEAST_S = 60.0
_LOOK_S = 0.5


@dataclass(frozen=True)
class Pilot:
    """One pilot, as its folder and the batch system tell of it."""

    folder: PilotFolder
    plan: PilotPlan
    job: JobSeen | None
    answered: bool

    @property
    def over(self) -> bool:
        """Whether it has ended, or never will begin."""
        said = "ended" in self.folder.noted()
        return said or (self.answered and (self.job is None or self.job.end is not None))

    @property
    def begun(self) -> bool:
        """Whether it has begun, as far as anybody says."""
        return bool(self.folder.noted()) or (self.job is not None and self.job.running)

    @property
    def state(self) -> str:
        """In words."""
        ended = self.folder.noted().get("ended")
        if ended:
            return f"ended: {ended}"
        if not self.answered:
            return "the batch system does not answer"
        if self.job is None:
            return "unknown to the batch system"
        if self.job.end is not None:
            return f"its job was ended: {self.job.end}"
        waits = f"waits: {self.job.reason}" if self.job.reason else "waits"
        return "runs" if self.job.running else waits


def opened(under: str) -> BatchBackend:
    """The batch system's backend by its name, `slurm` or `slurm:PARTITION`; raises `BadInput` on another."""
    name, _, place = under.partition(":")
    found = backends().get(name)
    kind = resolve(found.backend) if found and found.durable else None
    if kind is None or not issubclass(kind, BatchBackend):
        raise BadInput(f"expected --under a batch system, as in slurm or slurm:PARTITION, got {under!r}")
    backend = kind(settings(), place or None)
    assert isinstance(backend, BatchBackend)
    return backend


def send(plan: PilotPlan, resources: Resources, count: int) -> Iterator[str]:
    """Submits so many pilots; yields a line about each. What is in doubt is never submitted again.

    Raises:
        BadInput: when no Prefect server is configured, or pilots like these cannot be had.
        BackendError: when the batch system refuses one.
    """
    if not 1 <= count <= MOST:
        raise BadInput(f"expected --count from 1 to {MOST}, got {count}")
    if resources.wall_s < LEAST_S:
        raise BadInput(f"expected --time of at least a minute, got {resources.wall_s:g} s")
    backend, url = opened(plan.under), _server()
    _check_shape(backend, resources)
    check_pool(plan)
    if urlsplit(url).hostname in LOOPBACK:
        yield f"WARNING: {url} is this machine's alone: a pilot on another node cannot reach it"
    if resources.memory_mb < Resources.memory_mb:
        yield (
            f"WARNING: --memory {resources.memory_mb} is less than the {Resources.memory_mb} MiB "
            "that a piece of work asks for where nothing else is said: such work is not run there"
        )
    for _ in range(count):
        yield _send(backend, replace(plan, tag=f"tierwise-pilot-{secrets.token_hex(4)}"), resources)


def _check_shape(backend: BatchBackend, resources: Resources) -> None:
    """Raises `BadInput` when no node of the partition can have such a pilot, or not for so long."""
    partition = backend.partition()
    try:
        fits.check(backend.name, partition, resources)
    except BackendError:
        most = "" if partition.limit_s is None else f", for {rounded(partition.limit_s / 60)} min at most"
        raise BadInput(
            f"expected pilots that fit a node of {backend.name}: {fits.offer(partition)}{most}; got "
            f"--cores {resources.threads}, --memory {resources.memory_mb} (MiB; where it is left out, "
            f"{Resources.memory_mb} a core), --time {rounded(resources.wall_s / 60)} (minutes): ask for less"
        ) from None


def _send(backend: BatchBackend, plan: PilotPlan, resources: Resources) -> str:
    folder = PilotFolder(_home(backend) / plan.tag)
    folder.create(plan, os.environ)
    wanted = JobWanted(
        plan.tag, folder.path, resources, 0.0, backend.place, folder.log, f"tierwise pilot of {plan.pool}"
    )
    folder.script.write_text(_script(backend, folder))
    reply = run(backend.system.submit(wanted, folder.script), backend.system.site.command_s)
    if reply.ok:
        return f"{plan.tag}  job {backend.system.job_id(reply.out)}"
    refusal = backend.system.refused(reply)
    if refusal is not None:
        folder.over()
        raise BackendError(f"{backend.name} refused the pilot: {refusal}")
    return f"{plan.tag}  in doubt ({reply.words}): `tierwise pilot --list` says whether it came"


def _script(backend: BatchBackend, folder: PilotFolder) -> str:
    """Nothing that the pilot starts outlives its job: it runs under a guard."""
    system, python = backend.system, backend.system.site.python
    pilot = [python, "-m", "deployments.pilots", str(folder.path)]
    guarded = [python, "-I", "-S", str(GUARD), "--with-parent", "--", *pilot]
    lines = [f"{system.directive} {line}" for line in system.site.lines]
    cd = f"cd {shlex.quote(str(ROOT))} || exit 75"
    return "\n".join(
        ["#!/bin/bash", *lines, *system.site.prologue, cd, f"exec {shlex.join(guarded)} </dev/null", ""]
    )


def _server() -> str:
    url = use_server()
    if url is None:
        raise BadInput("no Prefect server is configured: start `tierwise serve`, or set PREFECT_API_URL")
    return url


def check_pool(plan: PilotPlan) -> None:
    """Raises `BadInput` when the server has no such pool for processes, or the pool no such queue."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            pool = client.read_work_pool(plan.pool)
        except ObjectNotFound:
            raise BadInput(
                f"expected --pool as one of the server's work pools, got {plan.pool!r}: "
                "`tierwise deploy` makes the pool tierwise"
            ) from None
        if pool.type != "process":
            raise BadInput(f"expected --pool of type process, got {plan.pool!r} of type {pool.type}")
        for queue in plan.queues:
            try:
                client.read_work_queue_by_name(queue, plan.pool)
            except ObjectNotFound:
                raise BadInput(f"expected --queue as a queue of {plan.pool!r}, got {queue!r}") from None


def pilots(under: str) -> list[Pilot]:
    """All pilots of this home under a batch system, the oldest first."""
    return _pilots(opened(under))


def _pilots(backend: BatchBackend) -> list[Pilot]:
    folders = [each.parent for each in _home(backend).glob("*/plan.json")]
    found = sorted(folders, key=lambda path: path.stat().st_mtime)
    seen = _seen(backend) if found else {}
    plans = [(PilotFolder(path), PilotFolder(path).plan()) for path in found]
    return [
        Pilot(folder, plan, None if seen is None else seen.get(plan.tag), seen is not None)
        for folder, plan in plans
    ]


def _seen(backend: BatchBackend) -> dict[str, JobSeen] | None:
    """Our jobs by tag; None where the batch system does not answer."""
    with suppress(BackendError):
        reply = run(backend.system.list_jobs(), backend.system.site.command_s)
        if reply.ok:
            return {each.tag: each for each in backend.system.listed(reply.out)}
    return None


def stop(under: str, tags: Sequence[str], patience_s: float = STOP_S) -> Iterator[str]:
    """Has pilots end, all where none is named: their runs first, then they; yields a line about each.

    Raises:
        BadInput: when there is no such pilot.
    """
    backend = opened(under)
    known = {each.plan.tag: each for each in _pilots(backend)}
    if unknown := [tag for tag in tags if tag not in known]:
        raise BadInput(f"expected one of the pilots that `tierwise pilot --list` shows, got {unknown[0]!r}")
    meant = {tag: each for tag, each in known.items() if not tags or tag in tags}
    for each in meant.values():
        each.folder.ask_to_stop()  # also what is unknown: should it come after all, it ends at once
    living = {tag: each for tag, each in meant.items() if not each.over}
    until_s = time.monotonic() + patience_s
    while living:
        now = {each.plan.tag: each for each in _pilots(backend)}
        for tag in list(living):
            if now[tag].over:
                yield f"{tag}  {now[tag].state}"
            elif time.monotonic() > until_s or (now[tag].answered and not now[tag].begun):
                yield f"{tag}  {_cancelled(backend, now[tag])}"
            else:
                continue
            living.pop(tag)
        time.sleep(_LOOK_S)


def _cancelled(backend: BatchBackend, pilot: Pilot) -> str:
    job_id = pilot.job.job_id if pilot.job else None
    reply = run(backend.system.cancel(pilot.plan.tag, job_id), backend.system.site.command_s)
    if not reply.ok:
        return f"could not be cancelled: {reply.words}"
    pilot.folder.note(**{**pilot.folder.noted(), "ended": "cancelled"})
    pilot.folder.over()
    return "its job is cancelled"


def _home(backend: BatchBackend) -> Path:
    return (backend.scratch or settings().home) / "pilots"
