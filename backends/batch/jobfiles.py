"""The files by which a job and whoever follows it speak, in the folder of its work on a shared file system.

job.sh      what was submitted              claimed/      made by who may run the work: the job, or who makes
sent        it is about to be submitted                   sure that it never will; `job` in it says which
alive       touched while the work runs     guard.json    how all of its processes ended
over        asks what is left to end        rank-*.json   the same, a rank each
accounted.json  what the accounting said

`mkdir` is atomic on every file system that clusters share (POSIX; RFC 1813, section 3.3.9 for NFS): of two
jobs of one folder, or a job and whoever gave it up, one makes `claimed`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from backends.processes.jobfolder import RESULT, JobFolder, read_json, write_atomically, write_once
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources

VOID = "void"
"""In the place of a job's id: nobody may run the work any more."""


class JobFiles(JobFolder):
    """Reads and writes them."""

    @property
    def script(self) -> Path:
        """What was submitted."""
        return self.path / "job.sh"

    @property
    def claim(self) -> Path:
        """The folder that one alone can make."""
        return self.path / "claimed"

    @property
    def over(self) -> Path:
        """Its existence asks what is left of a job to end; nobody is told that it was cancelled."""
        return self.path / "over"

    @property
    def alive(self) -> Path:
        """Touched by the job's guard."""
        return self.path / "alive"

    @property
    def guard(self) -> Path:
        """How the job's processes ended, written when all are gone."""
        return self.path / "guard.json"

    @property
    def begun(self) -> Path:
        """Written by the work when it begins."""
        return self.path / "running.json"

    @property
    def sent_mark(self) -> Path:
        """Its existence says that a submission was about to be made."""
        return self.path / "sent"

    def refresh(self) -> None:
        """Has a network file system look: it may remember for a while that a file was not there."""
        with suppress(OSError):
            os.listdir(self.path)

    def void(self) -> bool:
        """Makes sure that no job ever runs this work; tells whether none has begun to."""
        try:
            self.claim.mkdir(parents=True)
        except FileExistsError:
            return self.noted() == VOID
        (self.claim / "job").write_text(f"{VOID}\n")
        return True

    def noted(self) -> str:
        """The id of the job that runs or ran the work; empty where none has said so yet."""
        return next(iter(self.notes().values()), "")

    def is_claimed(self) -> bool:
        """Whether a job has started with the work."""
        return self.claim.exists() and self.noted() != VOID

    def notes(self) -> dict[str, str]:
        """What the job noted of itself when it began, by variable."""
        try:
            lines = (self.claim / "job").read_text(errors="replace").splitlines()
        except OSError:
            return {}
        return {name: value or name for name, _, value in (line.partition("=") for line in lines)}

    def ended(self) -> Mapping[str, Any] | None:
        """How all of the job's processes ended, see `guard.py`; None where that is not written yet."""
        return read_json(self.guard)

    def ranks_ended(self) -> Sequence[Mapping[str, Any]]:
        """The same, a rank each."""
        found = (read_json(path) for path in sorted(self.path.glob("rank-*.json")))
        return [each for each in found if each is not None]

    def said(self) -> str:
        """What the job's script and the launcher printed, its end."""
        with suppress(OSError):
            return self.log.read_bytes()[-100_000:].decode(errors="replace")
        return ""

    @cached_property
    def _asked(self) -> dict[str, Any] | None:
        """The work as data, which never changes; None where its submitter died before it wrote that."""
        return read_json(self.path / "work.json")

    def resources(self) -> Resources:
        """What the work asked for; the default where nobody wrote that."""
        return Resources(**self._asked["resources"]) if self._asked is not None else Resources()

    def ranked(self) -> bool:
        """Whether it is a program of ranks."""
        return self._asked is not None and self._asked["kind"] == MpiProgram.kind

    def error(self) -> str:
        """What the published result says against the work; empty where it says nothing."""
        return str((read_json(self.path / RESULT) or {}).get("error") or "")

    def lived_s(self) -> float | None:
        """Seconds between its claim and the last sign of life, by one clock; None where there was none."""
        with suppress(OSError):
            return max(0.0, self.alive.stat().st_mtime - self.claim.stat().st_mtime)
        return None

    def touched(self) -> float:
        """When the last sign of life was given, by the file server's clock; 0 where there was none."""
        marks = []
        for path in (self.alive, self.claim, self.guard, self.path / "progress.json"):
            with suppress(OSError):
                marks.append(path.stat().st_mtime)
        return max(marks, default=0.0)

    def keep_accounted(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Keeps what the accounting said, once; returns what is kept."""
        path = self.path / "accounted.json"
        write_once(path, json.dumps(dict(document)).encode())
        return read_json(path) or {}

    def accounted(self) -> dict[str, Any] | None:
        """What was kept of the accounting; None where nothing was yet."""
        return read_json(self.path / "accounted.json")

    def note_sent(self, job_id: str) -> None:
        """Keeps the id that a submission was answered with."""
        write_atomically(self.sent_mark, json.dumps({"job": job_id}).encode())

    def sent_as(self) -> str | None:
        """That id; None where there was no such answer."""
        with suppress(OSError, ValueError):
            return str(json.loads(self.sent_mark.read_text())["job"])
        return None
