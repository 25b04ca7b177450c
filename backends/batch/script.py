"""The script of a job: one alone of all that bear its folder runs the work, under a guard."""

import shlex
from collections.abc import Sequence

from backends.batch.jobfiles import JobFiles
from backends.batch.jobs import JobWanted
from backends.batch.system import BatchSystem
from backends.processes.guarded import GUARD, ROOT, steady
from escalation.model.kinds.call import Call
from escalation.model.kinds.mpi_program import MpiProgram

UNWRITABLE = 75
"""Exit code of a script that finds no folder to write to (sysexits.h, EX_TEMPFAIL)."""


def script(system: BatchSystem, files: JobFiles, wanted: JobWanted, work: Call) -> str:
    """The text of a job's script."""
    site, folder = system.site, shlex.quote(str(files.path))
    notes = "|".join(system.notes)
    exports = [
        f"export {name}={shlex.quote(value)}" for name, value in steady(work.resources.threads).items()
    ]
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"{system.directive} {line}" for line in site.lines),
            f'cd {folder} || {{ echo "no such folder on $(hostname): "{folder}; exit {UNWRITABLE}; }}',
            # of two jobs of this folder, and of a job that is started twice, one runs the work
            "if ! mkdir claimed 2>/dev/null; then",
            f'  [ -d claimed ] && exit 0; echo "$(hostname) cannot write to" {folder}; exit {UNWRITABLE}',
            "fi",
            *system.noting,
            f"env | grep -E '^({notes})=' | sort > claimed/job.new; mv claimed/job.new claimed/job",
            *site.prologue,
            *exports,
            f"cd {shlex.quote(str(ROOT))} || exit {UNWRITABLE}",
            f"exec {shlex.join(_guarded(system, files, wanted, work))} </dev/null",
            "",
        ]
    )


def _guarded(system: BatchSystem, files: JobFiles, wanted: JobWanted, work: Call) -> list[str]:
    limits = [
        *(f"--exit-file={files.guard}", f"--alive-file={files.alive}", f"--begun-file={files.begun}"),
        *(f"--start-s={wanted.start_s}", f"--limit-s={work.resources.wall_s}"),
    ]
    return [*_guard(system.site.python, files, limits), "--", *_command(system, files, work)]


def _guard(python: str, files: JobFiles, options: Sequence[str]) -> list[str]:
    stops = [f"--stop-file={path}" for path in (files.cancel_file, files.over)]
    return [python, "-I", "-S", str(GUARD), "--with-parent", *stops, *options]


def _command(system: BatchSystem, files: JobFiles, work: Call) -> list[str]:
    """What runs the work: here, or on every rank, each under a guard of its own.

    Ranks are no children of the job's guard: the launcher has them started by the batch system.
    """
    python = system.site.python
    if not isinstance(work, MpiProgram):
        return [python, "-m", "backends.batch.call", str(files.path)]
    rank_ends = [f"--exit-file={files.path}/rank-%p.json", f"--stop-file={files.guard}"]
    rank = [python, "-m", "backends.batch.rank", str(files.path), str(work.resources.ranks)]
    return [*system.launch(work.resources), *_guard(python, files, rank_ends), "--", *rank]
