"""Settings of a site for Slurm."""

from dataclasses import replace
from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from backends.batch.options import refused_option
from backends.batch.settings import BatchSettings
from backends.batch.site import BatchSite
from escalation.inputs.settings import PREFIX

_LONG = (
    *("job-name", "dependency", "comment", "chdir", "output", "error", "open-mode", "export", "export-file"),
    *("time", "time-min", "partition", "account", "qos", "nodes", "ntasks", "ntasks-per-node"),
    *("cpus-per-task", "mem", "mem-per-cpu", "mem-per-gpu", "gpus-per-task", "parsable"),
    *("requeue", "no-requeue", "test-only", "hold", "wrap", "array", "wait", "input"),
    *("clusters", "help", "usage", "version", "quiet", "verbose", "uid", "gid", "ignore-pbs"),
)
_SHORT = "JdDoeitpAqNncHaWMhuVQv"
"""What `_LONG` is called by a letter."""
_FLAGS = "bhHIkOQsvV"
"""Letters that take no value, of sbatch's options."""


class SlurmSettings(BatchSettings):
    """How jobs are sent to Slurm."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}SLURM_")
    directive: ClassVar[str] = "#SBATCH"
    submitter: ClassVar[tuple[str, str]] = ("sbatch", "--constraint=avx512")

    qos: str | None = Field(None, description="Quality of service of jobs.")
    launcher: str = Field(
        "srun --mpi=pmi2",
        min_length=1,
        description="What starts ranks inside a job: `srun` with options, or an `mpiexec`.",
    )

    @classmethod
    def refused(cls, line: str) -> str | None:
        """What Tierwise sets, and what holds, repeats or only tries a job, or answers in other words."""
        return refused_option(line, _LONG, _SHORT, _FLAGS)

    @property
    def site(self) -> BatchSite:
        """With the quality of service."""
        return replace(super().site, qos=self.qos)
