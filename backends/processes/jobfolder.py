"""The folder in which a piece of work lives while it runs, readable by any process.

work.json       the work as data          running.json   who runs it
inputs/DIGEST   its input bytes           progress.json  how far it is
outputs/DIGEST  its output files          result.json    its result; it exists once and complete
log.txt         what was printed          cancel         asks that it be stopped
printed.json    the same as it was read   checkpoint     what a later try goes on from
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, MachineFault
from escalation.model.job_state import JobState
from escalation.model.kinds.call import Call
from escalation.model.report import CHECKPOINT, Report
from escalation.model.result import RawResult

LOG, PRINTED, RESULT, FAILURE = "log.txt", "printed.json", "result.json", "failure.json"
"""A failure is what a process says before its end; the result, where nothing else explains that."""


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file so that a reader finds all of it or none."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.write_bytes(data)
    fresh.replace(path)


def write_once(path: Path, data: bytes) -> bool:
    """Writes a file atomically unless it exists; tells whether it was written."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.write_bytes(data)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def read_json(path: Path) -> dict[str, Any] | None:
    """Returns what a file written atomically holds, None when there is no such file.

    Raises:
        MachineFault: when it is torn, as a crash of the machine may leave it.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise MachineFault(f"{path} is torn: expected a JSON object")
    return document


class JobFolder:
    """Reads and writes one job's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def log(self) -> Path:
        """Output of the work, and the traceback where it failed."""
        return self.path / LOG

    @property
    def cancel_file(self) -> Path:
        """Its existence asks for the work to be stopped."""
        return self.path / "cancel"

    @property
    def here(self) -> bool:
        """Whether the job's files can be seen from here; another machine or container has its own."""
        return (self.path / "work.json").exists()

    def create(self, work: Call) -> None:
        """Writes the work and its inputs into the folder, which is made where it is missing.

        Raises:
            BackendError: when the folder holds other work already.
        """
        if self.here:
            raise BackendError(f"expected an empty folder for a new job, got {self.path}, which holds one")
        for name in ("inputs", "outputs"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for blob in work.inputs.values():
            (self.path / "inputs" / blob.digest).write_bytes(blob.data)
        write_atomically(self.path / "work.json", json.dumps(work.to_json()).encode())

    def work(self) -> dict[str, Any]:
        """Returns the work as JSON data.

        Raises:
            BackendError: when the folder holds no work.
        """
        document = read_json(self.path / "work.json")
        if document is None:
            raise BackendError(f"expected a job in {self.path}, found none: its files were removed")
        return document

    def inputs(self) -> dict[str, bytes]:
        """Returns the input bytes by name; raises `ValueError` where they do not match their digest."""
        named = self.work()["inputs"].items()
        return {
            name: Blob((self.path / "inputs" / digest).read_bytes(), digest).data for name, digest in named
        }

    def ask_to_stop(self) -> None:
        """Asks whoever runs the work to stop it; does nothing when the folder is gone."""
        with contextlib.suppress(FileNotFoundError):
            self.cancel_file.touch()

    def mark_running(self, who: Mapping[str, Any]) -> None:
        """Notes who runs the work."""
        write_atomically(self.path / "running.json", json.dumps(dict(who)).encode())

    def running(self) -> dict[str, Any] | None:
        """Returns who runs the work, None before it began."""
        return read_json(self.path / "running.json")

    def progress(self) -> tuple[float | None, str]:
        """Returns the part done (0-1, None unknown) and a word on it."""
        document = read_json(self.path / "progress.json") or {}
        return document.get("fraction"), document.get("message", "")

    def write_progress(self, fraction: float, message: str) -> None:
        """Notes how far the work is."""
        data = json.dumps({"fraction": min(max(float(fraction), 0.0), 1.0), "message": str(message)})
        write_atomically(self.path / "progress.json", data.encode())

    def publish(self, result: RawResult, name: str = RESULT) -> bool:
        """Makes the result or failure known, complete and at most once; tells whether this was it."""
        for blob in (*result.files.values(), *result.evidence.values()):
            (self.path / "outputs" / blob.digest).write_bytes(blob.data)
        return write_once(self.path / name, json.dumps(result.to_json()).encode())

    def finished(self) -> JobState | None:
        """Returns the state that was published, None when there is no result yet."""
        document = read_json(self.path / RESULT)
        return JobState(document["state"]) if document else None

    def result(self) -> RawResult:
        """Returns the published result with its files and evidence, what was printed among it.

        Raises:
            BackendError: when there is none.
            MachineFault: when its bytes are damaged.
        """
        result = self.read(RESULT)
        if result is None:
            raise BackendError(f"expected a finished job in {self.path}, it has no result yet", retry=True)
        return replace(result, evidence={**result.evidence, **self.printed()})

    def read(self, name: str) -> RawResult | None:
        """Returns what was published under the name, None where nothing was.

        Raises:
            MachineFault: when its bytes are damaged.
        """
        document = read_json(self.path / name)
        if document is None:
            return None
        try:
            return RawResult(
                state=JobState(document["state"]),
                values=document["values"],
                files={name: self._output(digest) for name, digest in document["files"].items()},
                error=document["error"],
                usage=Amounts(**document["usage"]),
                provenance=document["provenance"],
                evidence={name: self._output(digest) for name, digest in document["evidence"].items()},
            )
        except (OSError, ValueError, KeyError) as error:
            raise MachineFault(f"the result in {self.path} is damaged: {error}") from error

    def _output(self, digest: str) -> Blob:
        return Blob((self.path / "outputs" / digest).read_bytes(), digest)

    def printed(self) -> dict[str, Blob]:
        """Returns what had been printed when this was first asked, the same ever after: a launcher may still
        print when the result is there.

        Raises:
            MachineFault: when its bytes are damaged.
        """
        kept = read_json(self.path / PRINTED)
        if kept is None:
            found = self.logs()
            digests = {name: blob.digest for name, blob in found.items()}
            try:
                for blob in found.values():
                    write_atomically(self.path / "outputs" / blob.digest, blob.data)
                write_once(self.path / PRINTED, json.dumps(digests).encode())
            except OSError:  # a full disk, say, which is no fault of what is finished
                return found
            kept = read_json(self.path / PRINTED) or {}
        try:
            return {name: self._output(digest) for name, digest in kept.items()}
        except (OSError, ValueError) as error:
            raise MachineFault(f"what was printed in {self.path} is damaged: {error}") from error

    def logs(self) -> dict[str, Blob]:
        """Returns what was printed so far: `log`, and where ranks print apart, `log-rank-K`."""
        paths = [self.log, *sorted(self.path.glob("log-rank-*.txt"))]
        return {path.stem: Blob(path.read_bytes()) for path in paths if path.exists()}


class FolderReport(Report):
    """Writes progress into the job's folder, at most every `every_s` seconds."""

    def __init__(self, folder: JobFolder, every_s: float = 0.1) -> None:
        self._folder, self._every_s, self._last = folder, every_s, -float("inf")

    def save(self, checkpoint: bytes) -> None:
        """Keeps where the work stands; a crash leaves this one or the one before."""
        write_atomically(self._folder.path / CHECKPOINT, checkpoint)

    def saved(self) -> bytes | None:
        """Returns what was kept last; None where nothing was."""
        with contextlib.suppress(FileNotFoundError):
            return (self._folder.path / CHECKPOINT).read_bytes()
        return None

    def __call__(self, fraction: float, message: str = "") -> None:
        """Says that `fraction` (0-1) of the work is done."""
        now = time.monotonic()
        if now - self._last >= self._every_s or fraction >= 1.0:
            self._last = now
            self._folder.write_progress(fraction, message)
