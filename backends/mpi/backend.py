"""Runs `MpiProgram`s under `mpiexec` on this machine."""

import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backends.mpi import launcher
from backends.mpi.settings import MpiSettings
from backends.processes.calls import UNWRITTEN
from backends.processes.classical import ClassicalBackend
from backends.processes.guarded import alive, identity, release, start_guarded
from backends.processes.jobfolder import JobFolder, read_json
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts
from escalation.model.errors import BackendError, WrongWorld
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress

LOST = "lost: the process that started it is gone, and its ranks with it"
EXIT_FILE = "exit.json"
POLL_S = 0.02
LAST_WORD_S = 1.0


class MpiBackend(ClassicalBackend):
    """Each program runs in a world of its own, under a guard that leaves no rank behind."""

    name = "mpi"

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        super().__init__(device)
        self._mpiexec = settings.of(MpiSettings).mpiexec
        self._guards: dict[Path, subprocess.Popen[bytes]] = {}

    def available(self) -> bool | None:
        """Tells whether there is a launcher."""
        try:
            launcher.find(self._mpiexec)
        except BackendError:
            return False
        return True

    def queue_s(self) -> float | None:
        """Returns 0: worlds start at once."""
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the program; its handle works in other processes while this one lives.

        Raises:
            BackendError: on other kinds of work, without a launcher, on a used folder.
        """
        if not isinstance(work, MpiProgram):
            raise BackendError(f"backend 'mpi' runs mpi_program, got {work.kind}")
        mpiexec, home = launcher.find(self._mpiexec), JobFolder(folder)
        home.create(work)
        guard = _start(mpiexec, work, home)
        self._forget_finished()
        self._guards[home.path] = guard
        return {"folder": str(home.path), "guard": identity(guard.pid)}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        """Waits until the program is final or the time is up; 0 only asks."""
        deadline = time.monotonic() + timeout_s
        while True:
            progress, left_s = _look(handle), deadline - time.monotonic()
            if progress.state.final or left_s <= 0:
                self._forget_finished()
                return progress
            time.sleep(min(POLL_S, left_s))

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of a final program, with the output of every rank as evidence.

        Raises:
            BackendError: when it is not final.
            WrongWorld: when MPI yielded fewer ranks than asked.
        """
        folder, progress = JobFolder(Path(handle["folder"])), _look(handle)
        if not progress.state.final:
            raise BackendError(
                f"expected a finished program in {folder.path}, it is {progress.state}", retry=True
            )
        result = _result(folder, _exit(folder))
        if "expected_ranks" in result.values and not result.ok:
            raise WrongWorld(result.error or "too few ranks")
        return result

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the program, all of its ranks and what they started; does nothing when it is final."""
        folder = JobFolder(Path(handle["folder"]))
        if not _look(handle).state.final:
            folder.ask_to_stop()
            self.wait(handle, timeout_s=10.0)

    def close(self) -> None:
        """Cancels what runs."""
        for folder, guard in self._guards.items():
            if guard.poll() is None:
                JobFolder(folder).ask_to_stop()
        for guard in self._guards.values():
            release(guard)
        self._guards.clear()

    def _forget_finished(self) -> None:
        for folder, guard in list(self._guards.items()):
            if guard.poll() is not None:
                release(guard)
                self._guards.pop(folder, None)


def _start(mpiexec: list[str], work: MpiProgram, folder: JobFolder) -> subprocess.Popen[bytes]:
    limits = work.resources
    options = [f"--exit-file={folder.path / EXIT_FILE}", f"--cancel-file={folder.cancel_file}"]
    command = launcher.command(mpiexec, limits.ranks, folder.path)
    try:
        with folder.log.open("wb") as log:
            environment = launcher.clean_environment(mpiexec, limits.threads)
            environment["TMPDIR"] = str(folder.path)  # what a killed launcher leaves goes with the work
            return start_guarded(command, [*options, f"--wall-s={limits.wall_s}"], environment, log)
    except OSError as error:
        raise BackendError(f"the MPI launcher could not be started: {error}", retry=True) from error


def _exit(folder: JobFolder) -> dict[str, Any] | None:
    return read_json(folder.path / EXIT_FILE)


def _look(handle: Mapping[str, Any]) -> Progress:
    """Reads from the folder where the program stands; whether its guard lives is asked first."""
    folder = JobFolder(Path(handle["folder"]))
    guard_lives = alive(handle["guard"])
    ended = _exit(folder)
    if ended is None and guard_lives:
        return Progress(JobState.RUNNING, *folder.progress())
    ended = ended or _last_word(folder)
    return _ending(folder, ended)


def _last_word(folder: JobFolder) -> dict[str, Any] | None:
    """What the other half of a guard that was killed says, when it has killed all that was left."""
    until = time.monotonic() + LAST_WORD_S
    while (ended := _exit(folder)) is None and time.monotonic() < until:
        time.sleep(POLL_S)
    return ended


def _ending(folder: JobFolder, ended: Mapping[str, Any] | None) -> Progress:
    """How a program ended whose launcher runs no more: its state, and why in a line."""
    published = folder.finished()
    if published is JobState.DONE:
        return Progress(published, 1.0)
    if published is not None and killed(folder) is None:
        return Progress(published)
    reason = "lost" if ended is None else ended["reason"]
    if ended is not None and reason == "exited":
        return Progress(*_exited(folder, ended["returncode"]))
    if reason == "timed_out":
        return _late(folder)
    if reason == "cancelled":
        return Progress(JobState.CANCELLED, None, "cancelled")
    return Progress(JobState.FAULT, None, LOST)


def _late(folder: JobFolder) -> Progress:
    """How a program ended whose time was up: the program's doing, unless none of it had begun."""
    limit_s = folder.work()["resources"]["wall_s"]
    if not _begun(folder):
        return Progress(JobState.FAULT, None, f"no rank was started within {limit_s:g} s{_said(folder)}")
    return Progress(JobState.TIMED_OUT, None, f"stopped after {limit_s:g} s, its time limit")


def _exited(folder: JobFolder, code: int | None) -> tuple[JobState, None, str]:
    """Whose doing it was that the launcher ended before there was a result."""
    signalled = killed(folder)
    if signalled is not None:
        return JobState.FAULT, None, f"a rank died: {signalled}"
    if code is None or code < 0 or code >= launcher.OWN_TROUBLE:
        how = "was killed" if code is None or code < 0 else f"ended with exit code {code}"
        return JobState.FAULT, None, f"the MPI launcher {how}{_said(folder)}"
    if not _begun(folder):
        return JobState.FAULT, None, f"no rank could be started, exit code {code}{_said(folder)}"
    if code == UNWRITTEN:
        return JobState.FAULT, None, "a rank could not write its result"
    return JobState.FAILED, None, f"a rank ended by itself, with exit code {code} and without a result"


def _begun(folder: JobFolder) -> bool:
    """Whether any rank has begun: each prints to a file of its own."""
    return any(folder.path.glob("log-rank-*.txt"))


def killed(folder: JobFolder) -> str | None:
    """The launcher's word on the signal that a rank died of; None where it speaks of none."""
    return launcher.signalled(folder.log.read_text(errors="replace")) if folder.log.exists() else None


def _said(folder: JobFolder) -> str:
    """The launcher's own last words, after a colon."""
    lines = folder.log.read_text(errors="replace").splitlines() if folder.log.exists() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last}" if last else ""


def _result(folder: JobFolder, ended: Mapping[str, Any] | None) -> RawResult:
    ending = _ending(folder, ended)
    if folder.finished() is ending.state:
        result = folder.result()
    else:
        result = RawResult(ending.state, error=ending.message, evidence=folder.logs())
    if ended is None:
        return result
    usage = Amounts(wall_s=ended["wall_s"], cpu_s=ended["cpu_s"])
    return replace(
        result, usage=usage, provenance={**result.provenance, "launcher_exit": ended["returncode"]}
    )
