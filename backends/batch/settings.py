"""What a site may set of a batch system, whichever that is; each machine adds its own."""

import sys
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from backends.batch.site import BatchSite
from escalation.inputs.settings import OwnSettings
from escalation.text.commands import command_words

Lines = Annotated[tuple[str, ...], NoDecode]


class BatchSettings(OwnSettings):
    """How jobs are sent; a batch system's class has a prefix of its own for their variables.

    Attributes:
        directive: what marks an option in a script, as `#SBATCH`.
        submitter: the command whose options `lines` are, and one of them.
    """

    directive: ClassVar[str]
    submitter: ClassVar[tuple[str, str]]

    account: str | None = Field(None, description="Account that jobs are charged to.")
    lines: Lines = Field(
        (),
        description="Further options in the head of a job's script, one a line, as in `--constraint=avx512` "
        "(sbatch) or `-l filesystems=home` (qsub). None that Tierwise sets itself, none that keeps a job "
        "from running.",
    )
    prologue: Lines = Field(
        (), description="Shell lines that a job runs before the work, one a line, as in `module load mpi`."
    )
    launcher: str = Field(
        "mpiexec",
        min_length=1,
        description="What starts ranks inside a job, with options; `mpiexec` is the one beside Python where "
        "there is one.",
    )
    scratch: Path | None = Field(
        None,
        description="Folder for jobs' files, on a file system that login and compute nodes share; default: "
        "in the home folder, which must be on one then.",
    )
    python: str | None = Field(
        None, min_length=1, description="Python on the compute nodes; default: the same path as here."
    )
    poll_s: float = Field(
        5.0,
        gt=0,
        le=600,
        description="Seconds between two questions to the batch system, for all jobs at once.",
    )
    command_s: float = Field(
        30.0, gt=0, le=600, description="Seconds that one of its commands may take; then it is in doubt."
    )
    settle_s: float = Field(
        120.0, ge=0, le=86400, description="Seconds for which it must not know of a job before that is lost."
    )
    lag_s: float = Field(
        5.0, ge=0, le=600, description="Seconds that the shared file system, or the accounting, may be late."
    )
    start_s: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Seconds that a job may take from its start to the work's; added to its time limit.",
    )
    node_h_usd: float = Field(0.0, ge=0, description="Price of a node for an hour, in US dollars.")
    cpu_h_usd: float = Field(0.0, ge=0, description="Price of a core for an hour, in US dollars.")

    @field_validator("lines", "prologue", mode="before")
    @classmethod
    def _one_a_line(cls, given: Any) -> Any:
        """As an environment variable holds them."""
        lines = given.splitlines() if isinstance(given, str) else given
        return [line.strip() for line in lines if line.strip()] if isinstance(lines, list) else lines

    @field_validator("lines")
    @classmethod
    def _options(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Options that the script's head takes."""
        found = tuple(line.removeprefix(cls.directive).strip() for line in lines)
        command, example = cls.submitter
        if not all(line.startswith("-") for line in found):
            raise ValueError(f"expected options of {command}, one a line, as in {example}")
        if "\0" in "".join(found):
            raise ValueError(f"expected options of {command} without NUL")
        try:
            refused = [*filter(None, map(cls.refused, found))]
        except ValueError as error:
            raise ValueError(f"expected options of {command} as a shell reads them: {error}") from None
        for name in refused:
            raise ValueError(
                f"expected options of {command} that leave a job as it is sent; {name} is Tierwise's own to "
                "set, or would keep the job from running once, in the background: leave it out"
            )
        return found

    @field_validator("launcher")
    @classmethod
    def _command(cls, stated: str) -> str:
        command_words(stated)
        return stated

    @classmethod
    @abstractmethod
    def refused(cls, line: str) -> str | None:
        """The option of a line that a site may not set; None where it has none."""

    @property
    def site(self) -> BatchSite:
        """The same as the base for batch systems takes them."""
        stated = {name: getattr(self, name) for name in BatchSettings.model_fields}
        return BatchSite(**{**stated, "qos": None, "python": self.python or sys.executable})
