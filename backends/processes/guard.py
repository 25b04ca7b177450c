"""Runs one command and sees to it that nothing of it outlives its reason to run.

Started as `python -I -S guard.py …`, with the standard library alone, so that it is up in milliseconds. Its
standard input is the lifeline: a pipe whose other end only the starting process holds, so that the kernel
closes it however that process dies. When it closes, every descendant is killed. On Linux the guard is a child
subreaper (prctl(2), PR_SET_CHILD_SUBREAPER): processes that fork twice, or open a session of their own, still
become its children, and `waitpid` saying ECHILD proves that none is left.

The guard is two processes, so that killing one of them leaves nothing behind either: the second runs the
command; the first, a subreaper too, waits for the second, and kills what that leaves. Dies the first, the
second is told by the kernel (PR_SET_PDEATHSIG).

Where a batch system starts it there is no such pipe, and whoever wants the work's end is on another host.
Then it also ends with its parent (`--with-parent`), once one of the files exists that ask for it
(`--stop-file`), and when the time is up (`--limit-s`, from the moment `--begun-file` is there, for which
`--start-s` are given). It says that it lives by touching `--alive-file`.
"""

import argparse
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_MS = 100
LOOK_S = 1.0
"""How often it asks the file system, which a whole cluster may share, and whether its parent lives."""
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _become(command: list[str], guard: int, keep_stdin: bool) -> NoReturn:
    """Turns the forked child into the command; dies with the guard, should that be killed."""
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if not keep_stdin:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if os.getppid() == guard:
            os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _parents() -> dict[int, int]:
    """Maps every process of the machine to its parent."""
    if not os.path.isdir("/proc/self"):
        table = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=False)
        return {int(pid): int(ppid) for pid, ppid in map(str.split, table.stdout.splitlines())}
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:
                parents[int(entry)] = int(stat.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue  # ended meanwhile
    return parents


def _children(pid: int) -> list[int] | None:
    """Returns the children of a process, or None where the kernel does not say (CONFIG_PROC_CHILDREN).

    Some may be left out while others end; none are where it has ended.
    """
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as children:
                found += map(int, children.read().split())
    except OSError:
        return None if pid == os.getpid() else found
    return found


def descendants(root: int) -> list[int]:
    """Returns the process ids below `root`, parents first.

    All processes of the machine are looked at only where the kernel does not say: a node may have thousands.
    """
    parents = _parents() if _children(os.getpid()) is None else None
    found, fresh = [], [root]
    while fresh:
        fresh = [child for pid in fresh for child in _below(pid, parents)]
        found += fresh
    return found


def _below(pid: int, parents: dict[int, int] | None) -> list[int]:
    if parents is None:
        return _children(pid) or []
    return [child for child, parent in parents.items() if parent == pid]


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap() -> dict[int, int] | None:
    """Collects ended children: their wait statuses by process id, or None when there is no child at all."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended or None
        if pid == 0:
            return ended
        ended[pid] = status


_SHARED = "/dev/shm/"  # noqa: S108  (read, never written to)
_MPI_SEGMENTS = tuple(_SHARED + name for name in ("mpich_shm_", "vader_segment", "ucx_shm"))
"""Shared memory of MPICH, OpenMPI and UCX: ranks that are killed leave it, and it is the machine's memory."""


def segments(pid: int) -> set[str]:
    """Those that a process has mapped."""
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
            mapped = {line.split(maxsplit=5)[-1].rstrip("\n") for line in maps if _SHARED in line}
    except OSError:
        return set()
    return {path for path in mapped if path.startswith(_MPI_SEGMENTS)}


def unused(paths: set[str]) -> set[str]:
    """Those that are there, and that no process has mapped, of the ones whose maps this one may read.

    The maps of all processes of a machine are long, and only looked at where the kernel does not know better.
    """
    there = set(filter(os.path.exists, paths))
    if all(map(_let_go_of, there)):
        return there
    return there.difference(*map(segments, _parents()))


def _let_go_of(path: str) -> bool:
    """Whether nobody has a file open or mapped for writing: the kernel then grants a lease on it.

    Said by fcntl(2), F_SETLEASE. Another that asks at the same moment is told no.
    """
    try:
        held = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except (AttributeError, OSError):  # not Linux; somebody has it, or no file system that knows
        return False
    finally:
        os.close(held)
    return True


def remove(paths: set[str]) -> None:
    """Takes their names away; the memory is given back when the last process that has it mapped is gone."""
    for path in paths:
        try:
            os.unlink(path)
        except OSError:
            continue  # gone, or "(deleted)" already


def _kill_all(child: int) -> dict[int, int]:
    """Kills and reaps until no descendant is left; returns the statuses it collected."""
    ended: dict[int, int] = {}
    left: set[str] = set()
    while True:
        living = descendants(os.getpid())
        left = left.union(*map(segments, living))  # before the first is killed, whose end others notice
        for pid in living:
            _send(pid, signal.SIGKILL)
        if sys.platform != "linux":  # without a subreaper, what lost its parent is found by its group
            _kill_group(child)
        statuses = _reap()
        if statuses is None:
            remove(unused(left))  # what another world has mapped, its own guard removes
            return ended
        ended |= statuses
        time.sleep(0.005)


class _Limits:
    """What a batch system's job is ended by: a file that asks for it, and its time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options, self._looked_s = options, 0.0
        self._since_s, self._limit_s = (
            time.monotonic(),
            options.start_s if options.begun_file else options.limit_s,
        )
        self._begun = not options.begun_file

    def passed(self) -> str | None:
        """The reason to end; None where there is none. The file system is asked every `LOOK_S` at most."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            if any(map(os.path.exists, self._options.stop_file)):
                return "stopped"
            self._touch()
            if not self._begun and os.path.exists(self._options.begun_file):
                self._begun, self._since_s, self._limit_s = True, now_s, self._options.limit_s
        return "late" if self._limit_s and now_s - self._since_s >= self._limit_s else None

    def _touch(self) -> None:
        if self._options.alive_file:
            try:
                with open(self._options.alive_file, "ab"):
                    os.utime(self._options.alive_file)
            except OSError:  # the next touch may get through
                return


class _Ending:
    """Watches for the first reason to end."""

    def __init__(self, child: int, limits: _Limits) -> None:
        self.child, self.limits = child, limits
        self.terminated = False
        self.poll = select.poll()
        self.poll.register(0, 0)  # POLLHUP is always reported; the data is left to the command
        self.wake, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self.poll.register(self.wake, select.POLLIN)

    def terminate(self, *_: object) -> None:
        self.terminated = True

    def wait(self) -> tuple[str, int | None]:
        """Returns the reason, and the command's wait status if it ended by itself."""
        while True:
            cut = self._lifeline_cut()
            statuses = _reap()
            if statuses and self.child in statuses:
                return "exited", statuses[self.child]
            if cut or self.terminated:
                return "orphaned", None
            reason = self.limits.passed()
            if reason is not None:
                return reason, None

    def _lifeline_cut(self) -> bool:
        events = dict(self.poll.poll(POLL_MS))
        if self.wake in events:
            os.read(self.wake, 4096)
        return bool(events.get(0, 0) & (select.POLLHUP | select.POLLERR | select.POLLNVAL))


def run(options: argparse.Namespace, *, first: int) -> dict[str, object]:
    """Runs the command to its end, whichever it is, and returns how it ended and what it used.

    `first` is the parent's process id: where that is gone already, nothing more is waited for.
    """
    started, limits = time.monotonic(), _Limits(options)
    reason = limits.passed()
    if reason is not None:
        return _ended(reason, None, started)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _become(options.command, guard, options.keep_stdin)
    _let_go_of_output()
    ending = _Ending(child, limits)
    signal.signal(signal.SIGTERM, ending.terminate)
    ending.terminated = os.getppid() != first
    reason, status = ending.wait()
    statuses = _kill_all(child)
    return _ended(reason, statuses.get(child) if status is None else status, started)


def _let_go_of_output() -> None:
    """Or a pipe there would stay open with the command gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _ended(reason: str, status: int | None, started: float) -> dict[str, object]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "reason": reason,
        "returncode": None if status is None else os.waitstatus_to_exitcode(status),
        "wall_s": time.monotonic() - started,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_kb": used.ru_maxrss,
        "ended_s": time.clock_gettime(_SINCE_BOOT),
    }


def _watch(second: int, exit_file: str, parent: int | None) -> int:
    """Waits for the second guard; where it was killed, kills what it left. Returns the exit status.

    The second is told to end when the parent is gone, if there is one to go by.
    """
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: _send(second, signal.SIGTERM))
    if parent is not None:
        signal.signal(
            signal.SIGALRM, lambda *_: None if os.getppid() == parent else _send(second, signal.SIGTERM)
        )
        signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)
    _, status = os.waitpid(second, 0)
    if os.WIFSIGNALED(status):
        _kill_all(second)
        _write(exit_file, _ended("guard killed", None, started))
    return _as_shells_do(os.waitstatus_to_exitcode(status))


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _ignore(*_: object) -> None:
    """Lets SIGCHLD interrupt the poll, through the wake-up pipe."""


def _as_shells_do(returncode: object) -> int:
    """Returns an exit status that tells signal N as 128 + N."""
    code = returncode if isinstance(returncode, int) else 1
    return code if code >= 0 else 128 - code


def main() -> None:
    """Reads the command line, runs the command, and writes how it ended, atomically."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--exit-file", default="", help="written when every process is gone; %%p is host and pid"
    )
    parser.add_argument("--keep-stdin", action="store_true", help="the command reads the lifeline's data")
    parser.add_argument(
        "--with-parent", action="store_true", help="ends when its parent is gone, and not with its input"
    )
    parser.add_argument("--stop-file", action="append", default=[], help="whose existence asks for the end")
    parser.add_argument("--alive-file", default="", help="touched as long as the command runs")
    parser.add_argument("--begun-file", default="", help="from whose existence on the time counts")
    parser.add_argument("--start-s", type=float, default=0.0, help="seconds until that must exist; 0: any")
    parser.add_argument(
        "--limit-s", type=float, default=0.0, help="seconds that the command may take; 0: any"
    )
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    options.exit_file = options.exit_file.replace("%p", f"{os.uname().nodename}-{os.getpid()}")
    parent = os.getppid() if options.with_parent else None
    if options.with_parent:  # what a launcher gives as standard input is no lifeline
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the starting process decides what Ctrl-C means
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    first = os.getpid()
    second = os.fork()
    if second == 0:
        _guard(options, first)
    _let_go_of_output()
    sys.exit(_watch(second, options.exit_file, parent))


def _guard(options: argparse.Namespace, first: int) -> NoReturn:
    """The second process: dies with the first, in an orderly way."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGCHLD, _ignore)
    ended = run(options, first=first)
    _write(options.exit_file, ended)
    os._exit(_as_shells_do(ended["returncode"]))


def _write(path: str, ended: dict[str, object]) -> None:
    if path:
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(ended, file)
        os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
