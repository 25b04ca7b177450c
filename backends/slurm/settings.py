"""Settings of a site for Slurm."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from escalation.inputs.settings import OwnSettings


class SlurmSettings(OwnSettings):
    """How jobs are sent to Slurm."""

    slurm_account: str | None = Field(None, description="Account that Slurm's jobs are charged to.")
    slurm_qos: str | None = Field(None, description="Quality of service of Slurm's jobs.")
    slurm_lines: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Further `#SBATCH` options, one a line, as in `--constraint=avx512` or "
        "`--reservation=demo`. What Tierwise sets itself wins.",
    )
    slurm_prologue: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Shell lines that a job runs before the work, one a line, as in `module load mpi`."
    )
    slurm_launcher: str = Field(
        "srun --mpi=pmi2",
        min_length=1,
        description="What starts ranks inside a job of Slurm's: `srun` with options, or an `mpiexec`.",
    )
    slurm_scratch: Path | None = Field(
        None,
        description="Folder for jobs' files, on a file system that login and compute nodes share; default: "
        "in the home folder, which must be on one then.",
    )
    slurm_python: str | None = Field(
        None, min_length=1, description="Python on the compute nodes; default: the same path as here."
    )
    slurm_poll_s: float = Field(
        5.0, gt=0, le=600, description="Seconds between two questions to Slurm, for all jobs at once."
    )
    slurm_command_s: float = Field(
        30.0, gt=0, le=600, description="Seconds that a command of Slurm's may take; then it is in doubt."
    )
    slurm_settle_s: float = Field(
        120.0, ge=0, le=86400, description="Seconds for which Slurm must not know of a job before it is lost."
    )
    slurm_lag_s: float = Field(
        5.0, ge=0, le=600, description="Seconds that the shared file system, or the accounting, may be late."
    )
    slurm_start_s: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Seconds that a job may take from its start to the work's; added to its time limit.",
    )
    slurm_node_h_usd: float = Field(0.0, ge=0, description="Price of a node for an hour, in US dollars.")
    slurm_cpu_h_usd: float = Field(0.0, ge=0, description="Price of a core for an hour, in US dollars.")

    @field_validator("slurm_lines", "slurm_prologue", mode="before")
    @classmethod
    def _lines(cls, given: Any) -> Any:
        """One a line, as an environment variable holds them."""
        lines = given.splitlines() if isinstance(given, str) else given
        return [line.strip() for line in lines if line.strip()] if isinstance(lines, list) else lines

    @field_validator("slurm_lines")
    @classmethod
    def _options(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Options that the script's head takes."""
        found = tuple(line.removeprefix("#SBATCH").strip() for line in lines)
        for line in found:
            if not line.startswith("-"):
                raise ValueError("expected options of sbatch, one a line, as in --constraint=avx512")
        return found
