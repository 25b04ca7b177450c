"""Runs work as jobs of Slurm."""

from backends.batch.backend import BatchBackend
from backends.slurm.site import site_of
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings


class SlurmBackend(BatchBackend):
    """Jobs in a partition, the default one where none is named."""

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when there is no such partition."""
        super().__init__(Slurm(site_of(settings)), device)
