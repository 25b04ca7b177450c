"""Finds out whether jobs can be sent from here, without sending one."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backends.batch.commands import CommandReply, called, run
from backends.batch.jobs import JobWanted, Partition
from backends.batch.system import BatchSystem
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.resources import Resources


def check(system: BatchSystem, settings: Settings) -> tuple[bool | None, str]:
    """Tells whether a small job would be taken, and one line about it; None where that is not known."""
    commands = [called(system.list_partitions()), called(system.list_jobs())]
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
            return False, f"{called(command)} does not answer: {reply.brief}"
        if command == system.list_partitions():
            found = system.partitions(reply.out)
    folder = site.scratch or settings.scratch
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        tried = _tried(system, Path(made))
    if tried is not None and not tried.ok:
        return False, f"a small job would not be taken: {tried.words}"
    up, said = any(each.up for each in found), _said(system, found)
    open_ = "" if tried is not None else "; whether a job is taken shows when one is sent"
    return (True if up else None), f"{said}; jobs' files go to {folder}{open_}"


def _tried(system: BatchSystem, folder: Path) -> CommandReply | None:
    """What is said of a small job that is not sent; None where that cannot be asked, as of PBS."""
    script = folder / "job.sh"
    script.write_text(
        "\n".join(["#!/bin/bash", *(f"{system.directive} {line}" for line in system.site.lines), ""])
    )
    small = Resources(wall_s=60, memory_mb=64)
    wanted = JobWanted("tierwise-doctor", folder, small, 0.0, None, folder / "log.txt", "tierwise doctor")
    command = system.rehearse(wanted, script)
    return None if command is None else run(command, system.site.command_s)


def _said(system: BatchSystem, found: Sequence[Partition]) -> str:
    names = ", ".join(each.name if each.up else f"{each.name} (down)" for each in found)
    return f"answers; {system.places} {names}" if found else f"answers; there are no {system.places}"
