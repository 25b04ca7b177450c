"""The warm workers of this process, shared by all quantum backends: importing qiskit takes seconds."""

import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

from backends.processes.guarded import environment, processors, release, start_guarded
from backends.processes.last_word import LastWord
from escalation.model.errors import BackendError


class SimulatorProcess:
    """A worker under its guard, and the folders it was given."""

    def __init__(self) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the worker)
        self._said = ""
        self.folders: list[Path] = []
        self._last = LastWord()
        command = [sys.executable, "-m", "backends.circuits.worker", str(self._last.path)]
        options = ["--keep-stdin", f"--exit-file={self._last.path}"]
        self._guard = start_guarded(command, options, environment(len(processors())), self._log)

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return self._guard.poll() is None

    @property
    def load(self) -> int:
        """How many jobs it has that are not finished."""
        self.folders = [f for f in self.folders if f.is_dir() and not (f / "result").exists()]
        return len(self.folders)

    def send(self, folder: Path) -> None:
        """Hands it a job; raises `BrokenPipeError` when it has just died."""
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{folder}\n".encode())
        self._guard.stdin.flush()
        self.folders.append(folder)

    def kill(self) -> None:
        """Ends it and everything it started, and waits until all is gone."""
        release(self._guard)
        self.last_words()
        self._log.close()
        self._last.close()

    def last_words(self) -> str:
        """The last line it wrote."""
        if not self._log.closed:
            self._log.seek(0)
            lines = self._log.read().decode(errors="replace").split("\n")
            self._said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return self._said


class SimulatorPool:
    """Gives each job to an idle worker, starting workers up to the number of processors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: list[SimulatorProcess] = []
        self._tries: dict[Path, int] = {}
        self._users = 0

    def open(self) -> None:
        """Counts a backend in."""
        with self._lock:
            self._users += 1

    def close(self) -> None:
        """Counts a backend out; the last one ends the workers."""
        with self._lock:
            self._users -= 1
            workers, self._workers = (self._workers, []) if self._users <= 0 else ([], self._workers)
        for worker in workers:
            worker.kill()

    def submit(self, folder: Path) -> None:
        """Queues the job in that folder.

        Raises:
            BackendError: when workers keep dying before they start it.
        """
        with self._lock:
            tries = self._tries[folder] = self._tries.get(folder, 0) + 1
            if tries > 2:
                raise BackendError(f"the simulator process died twice at the start: {self._words(folder)}")
            worker = self._idle()
            worker.send(folder)

    def revive(self, folder: Path) -> None:
        """Queues a job again whose worker died before it began; does nothing otherwise."""
        mine = [worker for worker in self._workers if folder in worker.folders]
        if mine and not any(worker.alive for worker in mine) and not (folder / "started.json").exists():
            self.submit(folder)

    def stop(self, folder: Path) -> None:
        """Ends the worker that runs this job; jobs queued behind it are revived when waited for."""
        with self._lock:
            for worker in self._workers:
                if folder in worker.folders and (folder / "started.json").exists():
                    worker.kill()

    def _idle(self) -> SimulatorProcess:
        for worker in [one for one in self._workers if not (one.alive or one.load)]:
            worker.kill()
            self._workers.remove(worker)
        alive = [worker for worker in self._workers if worker.alive]
        least = min(alive, key=lambda worker: worker.load, default=None)
        if least is None or (least.load and len(alive) < len(processors())):
            least = SimulatorProcess()
            self._workers.append(least)
        return least

    def _words(self, folder: Path) -> str:
        reports = [worker.last_words() for worker in self._workers if folder in worker.folders]
        return reports[-1] if reports else ""


POOL = SimulatorPool()
