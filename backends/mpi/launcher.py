"""Finds the MPI launcher and writes its command line."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from backends.processes import environment
from escalation.errors import BackendError

# what a surrounding MPI job tells its ranks; a launcher that inherits it believes to be one of them
FOREIGN = (
    "PMI_",
    "PMIX_",
    "PMI2_",
    "HYDI_",
    "HYDRA_",
    "MPI_LOCAL",
    "MPIR_CVAR_",
    "OMPI_COMM_WORLD",
    "OMPI_MCA_ess",
)


def find(mpiexec: str | None) -> list[str]:
    """Returns the launcher's command: the one set, else the one beside this Python, else the one on PATH.

    Args:
        mpiexec: a path, a name on PATH, or either with options, as in `srun --mpi=pmi2`.

    Raises:
        escalation.errors.BackendError: when there is none.
    """
    if mpiexec:
        command = [mpiexec] if Path(mpiexec).exists() else shlex.split(mpiexec)
        return [_executable(command[0], f"setting TIERWISE_MPIEXEC is {mpiexec!r}"), *command[1:]]
    beside = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    return [beside or _executable("mpiexec", "there is none beside this Python and none on PATH")]


def _executable(name: str, found: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackendError(
            f"no MPI launcher: {found}; `make` installs MPICH from PyPI, "
            "on a cluster load the site's MPI module"
        )
    return path


def command(launcher: list[str], ranks: int, folder: Path) -> list[str]:
    """Returns the command that runs `backends.mpi.rank` on so many ranks."""
    return [*launcher, "-n", str(ranks), sys.executable, "-m", "backends.mpi.rank", str(folder), launcher[0]]


def clean_environment(threads: int) -> dict[str, str]:
    """Returns the ranks' environment, without what a surrounding MPI job left there."""
    return {name: value for name, value in environment(threads).items() if not name.startswith(FOREIGN)}


OWN_TROUBLE = 126
"""From here on exit codes are no program's: a shell's for what cannot be run or was killed, Hydra's 255."""

_HYDRA = "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: "
_SIGNALLED = re.compile(
    r"^.*(?:\(signal \d+\)|exited on signal \d+|: (?:Killed|Terminated|Segmentation fault|Bus error|Aborted)"
    r"(?: \(core dumped\))?$|[Oo]ut [Oo]f [Mm]emory|oom.kill).*$",
    re.MULTILINE,
)
"""A rank that died of a signal, in the words of Hydra (MPICH), OpenMPI and srun."""


def signalled(said: str) -> str | None:
    """The line in which the launcher says that a rank died of a signal; None where there is none."""
    found = _SIGNALLED.search(said)
    return " ".join(found[0].removeprefix(_HYDRA).split()) if found else None


def cpus() -> list[int]:
    """Returns the processors that the calling process may run on; empty where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
