"""A machine as far as Linux makes one: host name, boot id, process ids, and a disk that nobody shares.

Made of namespaces (unshare(1)); the network is one, as that of machines in a rack. Its first process starts
the worker again whenever that dies, as systemd's `Restart=on-failure` does. When the machine is killed, so is
every process on it, and its disk is gone.
"""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from bench.several_workers.worker import BEGINS
from escalation.inputs.settings import ROOT

_BOOT = """
printf %s "$1" > /proc/sys/kernel/hostname
mount --bind "$2" /proc/sys/kernel/random/boot_id
mount -t tmpfs none "$3"
mkdir "$3/tmp"
shift 3
until "$@"; do :; done
"""
_UNSHARE = ("unshare", "--uts", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child")


class Machine:
    """A worker's machine; `start` boots it."""

    def __init__(
        self, name: str, folder: Path, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Starts nothing yet.

        Args:
            name: of the host.
            folder: where its log is kept, outside of it; and where its own disk is mounted, inside.
            command: arguments of Python.
            environment: of the worker, beside the disk's.
        """
        self.name, self.disk, self._command = name, folder / name, command
        self.disk.mkdir(parents=True)
        self.log = folder / f"{name}.log"
        own = {"HOME": "", "TIERWISE_HOME": "home", "TMPDIR": "tmp"}
        self._environment = {**environment, **{key: str(self.disk / path) for key, path in own.items()}}
        self._booted: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Boots it, with a new boot id and an empty disk."""
        boot = self.log.with_suffix(".boot")
        boot.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
        inside = [self.name, str(boot), str(self.disk), sys.executable, *self._command]
        with self.log.open("ab") as log:
            self._booted = subprocess.Popen(
                [*_UNSHARE, "sh", "-c", _BOOT, "sh", *inside],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def running(self) -> bool:
        """Whether it runs; it ends by itself when its worker has nothing left to do."""
        return self._booted is not None and self._booted.poll() is None

    @property
    def busy(self) -> bool:
        """Whether its worker is in the middle of a case, by what it said last."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return self.running and bool(lines) and lines[-1].startswith(BEGINS.encode())

    def kill(self) -> None:
        """Cuts its power."""
        self._note("machine killed")
        if self._booted is not None:
            self._booted.kill()  # and with it, by its wish, the first process inside, and so all
            self._booted.wait()

    def kill_worker(self) -> None:
        """Kills the worker; the machine starts another."""
        self._note("worker killed")
        self._signal(signal.SIGKILL)

    def freeze_worker(self) -> None:
        """Stops the worker in the middle of what it does."""
        self._signal(signal.SIGSTOP)

    def thaw_worker(self) -> None:
        """Has it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if (worker := self._worker()) is not None:
            with suppress(ProcessLookupError):
                os.kill(worker, number)

    def _note(self, what: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{what}\n")

    def _worker(self) -> int | None:
        """The worker's process id, outside."""
        if self._booted is None:
            return None
        with suppress(psutil.NoSuchProcess):
            for first in psutil.Process(self._booted.pid).children():
                for worker in first.children():
                    return worker.pid
        return None
