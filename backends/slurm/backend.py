"""Runs work as jobs of Slurm."""

from backends.batch.backend import BatchBackend
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings


class SlurmBackend(BatchBackend):
    """Jobs in a partition, the default one where none is named; account and QOS as the device says."""

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when there is no such partition."""
        site, partition = settings.of(SlurmSettings).site.chosen(device)
        super().__init__(Slurm(site), partition)
        self.name = f"slurm:{device}" if device else "slurm"
