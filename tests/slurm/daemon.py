"""A daemon in the foreground: held by its process, so that it can be frozen, killed, and started again."""

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

_WITH_US = ("setpriv", "--pdeathsig", "KILL")
"""Dies when the tests do, however they do (prctl(2), PR_SET_PDEATHSIG)."""


class Daemon:
    """One of a cluster's daemons; what it says goes to a file beside the others'."""

    def __init__(self, home: Path, name: str, command: list[str], env: Mapping[str, str]) -> None:
        self.name = name
        self.log = home / f"{name}.log"
        self._command = command
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; raises `AssertionError` where it was never started."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it was started, and lives no more."""
        return self._process is not None and self._process.poll() is not None

    def last_words(self) -> str:
        """The end of what it has said."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(said.splitlines()[-10:])

    def start(self) -> None:
        """Starts it, or starts it again."""
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_WITH_US, *self._command],
                env=self._env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def freeze(self) -> None:
        """Has it answer no more, as a machine that is overloaded; its sockets still take what is sent."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Has it go on."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without a word."""
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(30)

    def stop(self) -> None:
        """Ends it in good order where it can, else without a word."""
        self.thaw()
        self._send(signal.SIGTERM)
        try:
            if self._process is not None:
                self._process.wait(5)
        except subprocess.TimeoutExpired:  # a slurmd that never registered ignores SIGTERM
            self.kill()

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(number)
