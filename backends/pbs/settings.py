"""Settings of a site for PBS."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from backends.batch.options import refused_option, refused_resource
from backends.batch.settings import BatchSettings
from escalation.inputs.settings import PREFIX

_SHORT = "NojekrSqAVJhIXzfCGR"
_FLAGS = "fhIVXzG"
_RESOURCES = (
    "select",
    "walltime",
    "place",
    "nodes",
    "ncpus",
    "mpiprocs",
    "mem",
    "min_walltime",
    "max_walltime",
)


class PbsSettings(BatchSettings):
    """How jobs are sent to PBS."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}PBS_")
    directive: ClassVar[str] = "#PBS"
    submitter: ClassVar[tuple[str, str]] = ("qsub", "-l filesystems=home")

    @classmethod
    def refused(cls, line: str) -> str | None:
        """What Tierwise sets, and what holds, repeats or only tries a job, or answers in other words."""
        return (
            refused_option(line, ("version",), _SHORT, _FLAGS)
            or refused_resource(line, "-l", _RESOURCES)
            or refused_resource(line, "-W", ("block", "depend"))
        )
