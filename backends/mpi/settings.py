"""Settings of a site for MPI."""

from pydantic import Field

from escalation.inputs.settings import OwnSettings


class MpiSettings(OwnSettings):
    """Which launcher starts the ranks."""

    mpiexec: str | None = Field(
        None, description="The MPI launcher; default: the one beside this Python, then the one on PATH."
    )
