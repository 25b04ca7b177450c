"""Settings of a site for Slurm."""

from dataclasses import replace
from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from backends.batch.settings import BatchSettings
from backends.batch.site import BatchSite
from escalation.inputs.settings import PREFIX


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

    @property
    def site(self) -> BatchSite:
        """With the quality of service."""
        return replace(super().site, qos=self.qos)
