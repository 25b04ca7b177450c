"""Finds out whether jobs can be sent from here, without sending one."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backends.batch.commands import run
from backends.batch.jobs import JobWanted, Partition
from backends.batch.system import BatchSystem
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.resources import Resources


def check(system: BatchSystem, settings: Settings) -> tuple[bool | None, str]:
    """Tells whether a small job would be taken, and one line about it; None where that is not known."""
    commands = [system.list_partitions()[0], system.list_jobs()[0]]
    missing = [name for name in commands if shutil.which(name) is None]
    if len(missing) == len(commands):
        return True, f"not here: there is no {missing[0]} on PATH"
    try:
        return _asked(system, settings)
    except (BackendError, OSError) as error:
        return False, str(error)


def _asked(system: BatchSystem, settings: Settings) -> tuple[bool | None, str]:
    site = system.site
    for command in (system.list_partitions(), system.list_jobs()):
        reply = run(command, site.command_s)
        if system.misconfigured(reply) and not system.stated():
            return True, f"not configured here: {reply.brief}"
        if not reply.ok:
            return False, f"{command[0]} does not answer: {reply.brief}"
        if command == system.list_partitions():
            found = system.partitions(reply.out)
    folder = site.scratch or settings.scratch
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        refusal = _tried(system, Path(made))
    if refusal:
        return False, f"a small job would not be taken: {refusal}"
    return (True if any(each.up for each in found) else None), f"{_said(found)}; jobs' files go to {folder}"


def _tried(system: BatchSystem, folder: Path) -> str:
    """Why a small job would not be taken; empty where it would, or where that cannot be asked."""
    script = folder / "job.sh"
    script.write_text(
        "\n".join(["#!/bin/bash", *(f"{system.directive} {line}" for line in system.site.lines), ""])
    )
    small = Resources(wall_s=60, memory_mb=64)
    wanted = JobWanted("tierwise-doctor", folder, small, 0.0, None, folder / "log.txt", "tierwise doctor")
    command = system.rehearse(wanted, script)
    reply = run(command, system.site.command_s) if command is not None else None
    return "" if reply is None or reply.ok else reply.words


def _said(found: Sequence[Partition]) -> str:
    names = ", ".join(each.name if each.up else f"{each.name} (down)" for each in found)
    return f"answers; partitions {names}" if found else "answers; there are no partitions"
