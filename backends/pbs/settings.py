"""Settings of a site for PBS."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from escalation.inputs.settings import OwnSettings


class PbsSettings(OwnSettings):
    """How jobs are sent to PBS."""

    pbs_account: str | None = Field(None, description="Account that PBS's jobs are charged to.")
    pbs_lines: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Further `#PBS` options, one a line, as in `-l filesystems=home` or "
        "`-W group_list=chem`. What Tierwise sets itself wins.",
    )
    pbs_prologue: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Shell lines that a job runs before the work, one a line, as in `module load mpi`."
    )
    pbs_launcher: str = Field(
        "mpiexec",
        min_length=1,
        description="What starts ranks inside a job of PBS's, with options; `mpiexec` is the one "
        "beside Python where there is one.",
    )
    pbs_scratch: Path | None = Field(
        None,
        description="Folder for jobs' files, on a file system that login and compute nodes share; default: "
        "in the home folder, which must be on one then.",
    )
    pbs_python: str | None = Field(
        None, min_length=1, description="Python on the compute nodes; default: the same path as here."
    )
    pbs_poll_s: float = Field(
        5.0, gt=0, le=600, description="Seconds between two questions to PBS, for all jobs at once."
    )
    pbs_command_s: float = Field(
        30.0, gt=0, le=600, description="Seconds that a command of PBS's may take; then it is in doubt."
    )
    pbs_settle_s: float = Field(
        120.0, ge=0, le=86400, description="Seconds for which PBS must not know of a job before it is lost."
    )
    pbs_lag_s: float = Field(
        5.0, ge=0, le=600, description="Seconds that the shared file system, or the accounting, may be late."
    )
    pbs_start_s: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Seconds that a job may take from its start to the work's; added to its time limit.",
    )
    pbs_node_h_usd: float = Field(0.0, ge=0, description="Price of a node for an hour, in US dollars.")
    pbs_cpu_h_usd: float = Field(0.0, ge=0, description="Price of a core for an hour, in US dollars.")

    @field_validator("pbs_lines", "pbs_prologue", mode="before")
    @classmethod
    def _lines(cls, given: Any) -> Any:
        """One a line, as an environment variable holds them."""
        lines = given.splitlines() if isinstance(given, str) else given
        return [line.strip() for line in lines if line.strip()] if isinstance(lines, list) else lines

    @field_validator("pbs_lines")
    @classmethod
    def _options(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Options that the script's head takes."""
        found = tuple(line.removeprefix("#PBS").strip() for line in lines)
        for line in found:
            if not line.startswith("-"):
                raise ValueError("expected options of qsub, one a line, as in -l filesystems=home")
        return found
