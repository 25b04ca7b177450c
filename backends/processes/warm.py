"""Warm processes under a guard: started once, handed one piece of work after another, ended as a whole."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from backends.processes.guard import descendants
from backends.processes.guarded import release, start_guarded
from backends.processes.last_word import LastWord, began


class Warm(ABC):
    """Processes that serve one piece of work at a time.

    Attributes:
        layout: what they were started for; they take no work that asks for another.
        served: pieces of work that they were taken for.
        home: a folder of theirs, gone when they are.
    """

    def __init__(self, layout: Hashable) -> None:
        self.layout, self.served = layout, 0
        self._last = LastWord()
        self.home = self._last.path.parent
        self._guard: subprocess.Popen[bytes]

    def start(
        self, command: list[str], env: Mapping[str, str], stdout: Any, options: tuple[str, ...] = ()
    ) -> None:
        """Starts the command under a guard; raises `OSError` where that is not possible."""
        try:
            self._guard = start_guarded(command, [*options, f"--exit-file={self._last.path}"], env, stdout)
        except OSError:
            self._last.close()
            raise

    @abstractmethod
    def send(self, folder: Path) -> None:
        """Asks for the work in the folder to be run; raises `OSError` where nobody is there."""

    @abstractmethod
    def reply(self, timeout_s: float) -> str | None:
        """Returns `again` or `spent` after the work, `gone` where they died, None when the time is up."""

    def cpu_s(self) -> float:
        """Processor seconds of all that live below the guard since they began."""
        import psutil

        total = 0.0
        for pid in descendants(self._guard.pid):
            with suppress(psutil.NoSuchProcess):
                total += sum(psutil.Process(pid).cpu_times()[:4])
        return total

    def noted(self, cpu_s: float) -> dict[str, Any]:
        """What is noted beside work that begins, for `last_word.used`; they had used so many seconds."""
        return began(str(self._last.path), cpu_s)

    def stop(self) -> None:
        """Ends them and everything they started, and waits until all are gone; safe to call twice."""
        release(self._guard)
        if self._guard.stdout is not None:
            self._guard.stdout.close()

    @property
    def ended(self) -> Mapping[str, Any] | None:
        """What the guard says of their end, see `guard.py`; None where nobody was left to say."""
        return self._last.read()

    @property
    def code(self) -> int:
        """The exit code of the guard: of a signal N -N or 128 + N."""
        return int(self._guard.returncode)

    def forget(self) -> None:
        """Removes their folder, once they are stopped and what they said has been read."""
        self._last.close()
