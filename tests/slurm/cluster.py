"""A real Slurm cluster on one machine, for the tests: Debian's, installed where it is missing.

Its daemons run on loopback with free ports, without systemd and control groups, in a folder of their own, and
several clusters do not know of each other. `Cluster` has the handles that make it fail as clusters do.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from tests.debian import installed
from tests.slurm.configuration import Layout, write
from tests.slurm.daemon import Daemon

_PROGRAMS = ("/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch", "/usr/sbin/munged")
_PACKAGES = ("slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge")
_PATIENCE_S = 60.0
_LAYOUT = Layout()
_ATTEMPTS = 3


class Unanswered(Exception):
    """A command of Slurm's failed; says what it said."""


class Cluster:
    """One controller, some nodes, and what they run.

    Partitions: `main` is the default, `short` allows one minute, and a job in `urgent` takes the place of
    one in `spare` (cancelled) or `requeued` (started again). There is no accounting.

    Attributes:
        home: its folder.
        environment: what a process needs to use this cluster.
        controller: slurmctld.
        nodes: each node's slurmd, by the node's name.
    """

    def __init__(self, layout: Layout, home: Path, ports: list[int]) -> None:
        self.layout = layout
        self.home = home
        self.environment = {"SLURM_CONF": str(write(layout, home, ports))}
        # what the tests' own environment says is no business of a daemon's
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **self.environment}
        self._munge = Daemon(home, "munged", _munged(home), env)
        self.controller = Daemon(home, "slurmctld", ["/usr/sbin/slurmctld", "-D", "-i"], env)
        self.nodes = {
            name: Daemon(home, name, ["/usr/sbin/slurmd", "-D", "-N", name], env) for name in layout.names
        }

    def run(self, *command: str, timeout_s: float = _PATIENCE_S) -> str:
        """Returns what a command of Slurm's prints; raises `Unanswered` where it fails."""
        environment = {**os.environ, **self.environment}
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=nothing,
                stdout=pipe,
                stderr=pipe,
                check=False,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise Unanswered(f"{command[0]} said nothing for {timeout_s:g} s") from None
        if done.returncode != 0:
            raise Unanswered(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()

    def batch(self, script: str, *options: str) -> str:
        """Submits a shell script; returns the job's id."""
        path = self.home / f"{secrets.token_hex(4)}.sh"
        path.write_text(f"#!/bin/bash\n{script}\n")
        output = f"--output={path.with_suffix('.out')}"
        return self.run("sbatch", "--parsable", output, "--chdir=/", *options, str(path))

    def state(self, job: str) -> str:
        """What the controller says of a job, as `COMPLETED`; raises `Unanswered` where it knows none."""
        shown = self.run("scontrol", "--oneliner", "show", "job", job)
        return next(word.partition("=")[2] for word in shown.split() if word.startswith("JobState="))

    def lose(self, node: str) -> None:
        """Has a node die with all that it runs; `nodes[node].start()` brings it back."""
        self.nodes[node].kill()
        self._end(node)

    def forget(self) -> None:
        """Has the controller know of no job that has been, as when `MinJobAge` has passed.

        Its job ids go on: a node takes the id of an earlier job for that job, and is drained.
        """
        self.controller.kill()
        shutil.rmtree(self.home / "state")
        (self.home / "state").mkdir()
        conf = Path(self.environment["SLURM_CONF"])
        further = re.sub(
            r"FirstJobId=(\d+)", lambda found: f"FirstJobId={int(found[1]) + 1000}", conf.read_text()
        )
        conf.write_text(further)
        self.controller.start()

    def reset(self) -> None:
        """Has every daemon run again, and no job: what a test leaves is no business of the next."""
        for daemon in self._all():
            daemon.thaw()
            daemon.start()
        self._await("an answer of the controller", lambda: self.run("scontrol", "ping") != "")
        self._await("no job", self._without_jobs)
        self._end()
        with suppress(Unanswered):  # it says so where there is nothing to resume
            self.run("scontrol", "update", f"NodeName={','.join(self.nodes)}", "State=RESUME")
        self._await("every node", self._ready)

    def survivors(self, node: str | None = None) -> list[psutil.Process]:
        """What runs for jobs (of a node), or once ran for one and still lives; keepers of steps included."""
        return [process for process in psutil.process_iter() if self._serves(process, node)]

    def start(self) -> None:
        """Starts every daemon; raises `Unanswered` where they do not find each other."""
        for daemon in self._all():
            daemon.start()
            if daemon is self._munge:
                self._await("munge's socket", (self.home / "munge.sock").exists)
        self._await("every node", self._ready)

    def stop(self) -> None:
        """Ends every daemon, and what was left of any job."""
        for daemon in reversed(self._all()):
            daemon.stop()
        self._end()

    def _ready(self) -> bool:
        return self.run("sinfo", "-h", "-p", "main", "-t", "idle", "-o", "%D") == str(self.layout.nodes)

    def _without_jobs(self) -> bool:
        for state in ("PENDING", "RUNNING"):
            self.run("scancel", f"--state={state}")
        return self.run("squeue", "-h") == ""

    def _serves(self, process: psutil.Process, node: str | None) -> bool:
        """A keeper writes its title over its environment, but listens below its node's folder."""
        try:
            said = process.environ()
            if process.name().startswith("slurmstepd"):
                place = f"{self.home}/spool-{node}/" if node else f"{self.home}/spool-"
                listens = any(str(each.laddr).startswith(place) for each in process.net_connections("unix"))
                return listens or said.get("SLURM_CONF") == self.environment["SLURM_CONF"]
            mine = said.get("SLURM_CONF") == self.environment["SLURM_CONF"] and "SLURM_JOB_ID" in said
            return mine and node in (None, said.get("SLURMD_NODENAME"))
        except psutil.Error:
            return False

    def _end(self, node: str | None = None) -> None:
        """Kills what runs for jobs, keepers first so that they report nothing, until nothing is left."""
        until = time.monotonic() + _PATIENCE_S
        while left := self.survivors(node):
            for process in sorted(left, key=lambda each: not _is_keeper(each)):
                _kill(process)
            time.sleep(0.02)
            assert time.monotonic() < until, f"could not be killed: {left}"

    def _await(self, what: str, there: Callable[[], bool]) -> None:
        until, said = time.monotonic() + _PATIENCE_S, ""
        while True:
            try:
                if there():
                    return
            except Unanswered as error:
                said = str(error)
            if dead := [daemon for daemon in self._all() if daemon.ended]:
                raise Unanswered(f"{dead[0].name} ended: {dead[0].last_words()}")
            if time.monotonic() > until:
                raise Unanswered(
                    f"waited {_PATIENCE_S:g} s for {what}: {said} {self.controller.last_words()}"
                )
            time.sleep(0.05)

    def _all(self) -> tuple[Daemon, ...]:
        return (self._munge, self.controller, *self.nodes.values())


def install() -> None:
    """Raises `Missing` where Slurm is not there and cannot be installed."""
    for program in _PROGRAMS:
        installed(Path(program), *_PACKAGES)


@contextmanager
def cluster(layout: Layout = _LAYOUT) -> Iterator[Cluster]:
    """Starts a cluster in a temporary folder; leaves nothing of it, and none of its jobs' processes."""
    # not below pytest's own folder: a socket's path has at most 107 bytes
    home = Path(tempfile.mkdtemp(prefix="tierwise-slurm-"))
    try:
        yield from _started(layout, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _started(layout: Layout, home: Path) -> Iterator[Cluster]:
    """Another program may take a port between the moment it is found free and the daemon's start."""
    for attempt in range(_ATTEMPTS):
        started = Cluster(layout, home, _free_ports(layout.nodes + 1))
        try:
            started.start()
        except Unanswered:
            started.stop()
            if attempt + 1 == _ATTEMPTS:
                raise
            continue
        try:
            yield started
        finally:
            started.stop()
        return


def _munged(home: Path) -> list[str]:
    key = home / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(1024))
    files = {"key-file": key, "socket": home / "munge.sock", "pid-file": home / "munged.pid"}
    files |= {"log-file": home / "munged.own.log", "seed-file": home / "munged.seed"}
    return [
        "/usr/sbin/munged",
        "--foreground",
        "--force",
        *(f"--{name}={path}" for name, path in files.items()),
    ]


def _free_ports(count: int) -> list[int]:
    """All held open until the last is found, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _is_keeper(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("slurmstepd")
    except psutil.Error:
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
