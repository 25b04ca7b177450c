"""Runs a batch system's commands: bounded in time, with an environment of their own."""

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from escalation.model.errors import BackendError
from escalation.ports.configuration import without_secrets
from escalation.text.rounding import seconds

SURROUNDING = (
    *("SLURM_", "SBATCH_", "SRUN_", "SQUEUE_", "SACCT_", "SINFO_", "SCONTROL_", "SCANCEL_", "PBS_", "PMI"),
    *("HYDI_", "HYDRA_", "OMPI_", "TORQUE_", "LSB_", "SGE_"),
)
"""What a surrounding job says of itself, and a user's own defaults: neither may shape the jobs sent."""

KEPT = ("SLURM_CONF", "SLURM_CLUSTERS", "PBS_SERVER", "PBS_DEFAULT", "PBS_CONF_FILE", "PBS_EXEC", "PBS_HOME")
"""What says where the batch system is."""

PATIENCE_S = 2.0
"""Seconds without an answer after which it is said what is waited for."""

_log = logging.getLogger(__name__)
_slow: set[str] = set()
"""Commands of which that was said since they last answered."""


@dataclass(frozen=True)
class CommandReply:
    """What came of a command.

    Attributes:
        code: its exit code; None where it did not end in time, or was killed.
        out: its standard output.
        err: its standard error.
    """

    code: int | None
    out: str = ""
    err: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    @property
    def words(self) -> str:
        """What it said of its failure, on one line."""
        said = " ".join((self.err.strip() or self.out.strip()).split())[-500:]
        if self.code is None:
            return f"no answer in time{f': {said}' if said else ''}"
        return said or f"exit code {self.code}"

    @property
    def brief(self) -> str:
        """The last line of its words, which names the cause where several lead up to it."""
        said = (self.err.strip() or self.out.strip()).splitlines()
        return said[-1].strip()[-200:] if said and self.code is not None else self.words[:200]


def surroundings() -> dict[str, str]:
    """The environment of commands, and so of jobs: no secret, nothing of a surrounding job."""
    kept = without_secrets(os.environ)
    foreign = {name for name in kept if name.startswith(SURROUNDING) and name not in KEPT}
    return {name: value for name, value in kept.items() if name not in foreign} | {"LC_ALL": "C.UTF-8"}


def run(command: Sequence[str], timeout_s: float, env: Mapping[str, str] | None = None) -> CommandReply:
    """Runs a command to its end, or kills it when the time is up.

    Raises:
        BackendError: when there is no such command.
    """
    if shutil.which(called(command)) is None:
        raise BackendError(
            f"there is no {called(command)} on PATH: run this where the batch system's commands are"
        )
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
        errors="replace",
        env=dict(env) if env is not None else surroundings(),
        start_new_session=True,  # Ctrl-C is for us: a submission under way ends by itself
    )
    try:
        out, err = _answered(process, called(command), timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return CommandReply(None, out, err)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return CommandReply(process.returncode if process.returncode >= 0 else None, out, err)


def called(command: Sequence[str]) -> str:
    """The command that is run; of a shell's lines the one that they go by, which is their `$0`."""
    return command[3] if list(command[:2]) == ["/bin/sh", "-c"] else command[0]


def _answered(process: subprocess.Popen[str], name: str, timeout_s: float) -> tuple[str, str]:
    """What it prints until its end; says once what is waited for. Raises `TimeoutExpired`."""
    try:
        out, err = process.communicate(timeout=min(PATIENCE_S, timeout_s))
    except subprocess.TimeoutExpired:
        if timeout_s <= PATIENCE_S:
            raise
        if name not in _slow:
            _slow.add(name)
            _log.warning(
                "the batch system has not answered %s for %s s, and is waited for, %s s at most",
                name,
                seconds(PATIENCE_S),
                seconds(timeout_s),
            )
        return process.communicate(timeout=timeout_s - PATIENCE_S)
    if process.returncode == 0:
        _slow.discard(name)
    return out, err
