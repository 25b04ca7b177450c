"""A warm MPI world: ranks that have imported what they need, and wait for the next program without turning.

Each rank reads from a named pipe of its own, because a rank that waited in an MPI call would keep a processor
busy (MPICH polls). Rank 0 answers through another. That a launcher forwards standard input is not relied on.
"""

import os
import select
import subprocess
from pathlib import Path

from backends.mpi import launcher
from backends.mpi.pipes import REPLIES, commands, line
from backends.processes.warm import Warm

LOG = "launcher.txt"


class World(Warm):
    """So many ranks under one launcher, for programs with so many threads a rank."""

    def __init__(self, mpiexec: list[str], ranks: int, env: dict[str, str]) -> None:
        super().__init__(layout(mpiexec, ranks, env))
        for path in (*(self.home / commands(rank) for rank in range(ranks)), self.home / REPLIES):
            os.mkfifo(path, 0o600)
        # opened for both, as nobody would be there yet to open the other end
        self._commands = [os.open(self.home / commands(rank), os.O_RDWR) for rank in range(ranks)]
        self._replies = os.open(self.home / REPLIES, os.O_RDONLY | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        try:
            with (self.home / LOG).open("wb") as log:
                # what a killed launcher leaves behind goes with the world
                self.start(
                    launcher.command(mpiexec, ranks, self.home), {**env, "TMPDIR": str(self.home)}, log
                )
        except OSError:
            self._let_go()
            raise

    def send(self, folder: Path) -> None:
        """Has every rank run the program in the folder."""
        for pipe in self._commands:
            os.write(pipe, line(folder))

    def reply(self, timeout_s: float) -> str | None:
        """Returns `again` or `spent` after a program, `gone` when the world ended, None while it runs."""
        events = dict(self._poll.poll(timeout_s * 1000))
        if events.get(self._replies, 0) & select.POLLIN:
            return os.read(self._replies, 64).decode().strip()
        try:
            self._guard.wait(timeout_s if events else 0)  # hung up: rank 0 is gone, and the rest will be soon
        except subprocess.TimeoutExpired:
            return None
        return "gone"

    def said(self) -> str:
        """Output of the launcher."""
        return (self.home / LOG).read_text(errors="replace")

    def forget(self) -> None:
        """Lets go of the pipes, and removes the folder."""
        self._let_go()
        super().forget()

    def _let_go(self) -> None:
        pipes, self._commands = [*self._commands, self._replies], []
        for pipe in pipes:
            os.close(pipe)


def layout(mpiexec: list[str], ranks: int, env: dict[str, str]) -> tuple[object, ...]:
    """What a world was started for: launcher, ranks, and the whole environment, threads among it."""
    return (*mpiexec, ranks, *sorted(env.items()))
