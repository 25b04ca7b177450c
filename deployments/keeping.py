"""Keeps the children of `tierwise serve` running: what dies is started again, and said."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deployments.processes import STOP_S, Say, child, last_line

LONGEST_WAIT_S = 60.0
SETTLED_S = 300.0
"""A child that ran so long before it died is started again as if for the first time."""


class KeptProcess:
    """One child. It is started again after 1, 2, 4… seconds, at most a minute, as often as it dies."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path, stop_s: float) -> None:
        self.name, self._log = log.stem, log
        self._command, self._env, self._stop_s = command, env, stop_s
        self._stack = ExitStack()
        self._guard: subprocess.Popen[bytes] | None = None
        self._failures, self._since, self._due = 0, 0.0, 0.0
        self._written = 0

    @property
    def pid(self) -> int:
        """Of the guard that the child runs under."""
        assert self._guard is not None
        return self._guard.pid

    def poll(self) -> int | None:
        """How the child ended; None while it runs."""
        return None if self._guard is None else self._guard.poll()

    def start(self, *, again: bool = False) -> None:
        """Starts the child."""
        self._written = self._log.stat().st_size if again and self._log.exists() else 0
        self._guard = self._stack.enter_context(
            child(self._command, self._env, self._log, self._stop_s, append=again)
        )
        self._since, self._due = time.monotonic(), 0.0

    def stop(self) -> None:
        """Ends the child, and all that it started."""
        self._stack.close()

    def look(self, now: float) -> str | None:
        """Sees to it that the child runs; what there is to say about it, if anything."""
        if self.poll() is None:
            return None
        if not self._due:
            self._failures = 1 if now - self._since > SETTLED_S else self._failures + 1
            wait_s = min(2.0 ** (self._failures - 1), LONGEST_WAIT_S)
            self._due = now + wait_s
            how = self._how_it_ended()
            self.stop()
            return (
                f"WARNING: the {self.name} died ({how}); "
                f"it is started again in {wait_s:.0f} s; see {self._log}"
            )
        if now < self._due:
            return None
        self.start(again=True)
        return f"the {self.name} was started again"

    def _how_it_ended(self) -> str:
        """What it said last is the cause only where it ended by itself, and since it was started."""
        status = self.poll() or 0
        number = -status if status < 0 else status - 128
        if number in set(signal.Signals):
            return f"killed by {signal.Signals(number).name}"
        said = last_line(self._log, self._written)
        return f"exit status {status}: {said}"


class Keeper:
    """All the children.

    Attributes:
        kept: the children, in the order in which they were started.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self.kept: list[KeptProcess] = []

    @contextmanager
    def child(
        self, command: list[str], env: Mapping[str, str], log: Path, stop_s: float = STOP_S
    ) -> Iterator[KeptProcess]:
        """Keeps a command running for as long as the block lasts; see `deployments.processes.child`."""
        kept = KeptProcess(command, env, log, stop_s)
        kept.start()
        self.kept.append(kept)
        try:
            yield kept
        finally:
            self.kept.remove(kept)
            kept.stop()

    def look(self) -> None:
        """Starts again what has died; to be called every second or so."""
        for kept in list(self.kept):
            line = kept.look(time.monotonic())
            if line:
                self._say(line)
