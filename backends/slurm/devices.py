"""Partitions of Slurm as devices."""

from backends.batch.devices import kind, summaries
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.ports.registry import DeviceSummary


def devices() -> tuple[DeviceSummary, ...]:
    """A line each."""
    return summaries(Slurm(Settings().of(SlurmSettings).site))


def kind_of(device: str | None) -> DeviceKind:
    """Processors; raises `BadInput` on one that is not listed, where any is."""
    site, partition = Settings().of(SlurmSettings).site.chosen(device)
    return kind(Slurm(site), partition, "Slurm's partitions")
