"""Finds the MPI launcher and writes its command line."""

import shlex
import shutil
import sys
from pathlib import Path

from backends.processes.guarded import environment
from escalation.model.errors import BackendError

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


BATCH = (
    *("SLURM", "SBATCH_", "SRUN_", "PBS_", "TORQUE_", "SGE_", "PE_HOSTFILE", "LSB_", "LSF_", "LS_SUBCWD"),
    *("LOADL_", "COBALT_", "OAR_", "PJM_", "FLUX_"),
)
"""What a batch system tells its jobs (Slurm, PBS, Grid Engine, LSF, LoadLeveler, …). A launcher that finds it
starts its ranks through that system, on the nodes of the job; ours are to be on this machine."""

BATCH_LAUNCHERS = ("srun", "jsrun", "aprun", "prun", "flux")
"""Launchers that belong to a batch system, and start nothing without it."""

HERE = {"HYDRA_LAUNCHER": "fork", "HYDRA_RMK": "user"}
"""Has Hydra (MPICH) start its ranks by fork(2), and ask no batch system for nodes."""


def find(mpiexec: str | None) -> list[str]:
    """Returns the launcher's command: the one set, else the one beside this Python, else the one on PATH.

    Args:
        mpiexec: a path, a name on PATH, or either with options, as in `srun --mpi=pmi2`.

    Raises:
        BackendError: when there is none.
    """
    if mpiexec:
        command = [mpiexec] if Path(mpiexec).exists() else shlex.split(mpiexec)
        return [_executable(command[0], f"setting TIERWISE_MPIEXEC is {mpiexec!r}"), *command[1:]]
    beside = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    return [beside or _executable("mpiexec", "there is none beside this Python and none on PATH")]


def _executable(name: str, problem: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackendError(
            f"no MPI launcher: {problem}; `make` installs MPICH from PyPI, "
            "on a cluster load the site's MPI module"
        )
    return path


def command(launcher: list[str], ranks: int, world: Path) -> list[str]:
    """Returns the command that runs `backends.mpi.rank` on so many ranks."""
    program = [sys.executable, "-m", "backends.mpi.rank", str(world), str(ranks), launcher[0]]
    return [*launcher, "-n", str(ranks), *program]


def clean_environment(launcher: list[str], threads: int) -> dict[str, str]:
    """Returns the launcher's environment, without what a surrounding MPI or batch job left there.

    A batch system's own launcher, which only a user can have named, keeps what that system says.
    """
    foreign = FOREIGN if Path(launcher[0]).name in BATCH_LAUNCHERS else (*FOREIGN, *BATCH)
    kept = {name: value for name, value in environment(threads).items() if not name.startswith(foreign)}
    return kept | HERE
