"""Settings of a site for MPI."""

from pathlib import Path

from pydantic import Field, field_validator

from escalation.inputs.settings import OwnSettings
from escalation.text.commands import command_words


class MpiSettings(OwnSettings):
    """Which launcher starts the ranks."""

    mpiexec: str | None = Field(
        None, description="The MPI launcher; default: the one beside this Python, then the one on PATH."
    )

    @field_validator("mpiexec")
    @classmethod
    def _command(cls, stated: str | None) -> str | None:
        """A path, which may have spaces, or a command."""
        if stated and ("\0" in stated or not Path(stated).exists()):
            command_words(stated)
        return stated
