"""Queues of PBS as devices."""

from backends.batch.devices import kind, summaries
from backends.pbs.pbs import Pbs
from backends.pbs.settings import PbsSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.ports.registry import DeviceSummary


def devices() -> tuple[DeviceSummary, ...]:
    """A line each."""
    return summaries(Pbs(Settings().of(PbsSettings).site))


def kind_of(device: str | None) -> DeviceKind:
    """Processors; raises `BadInput` on one that is not listed, where any is."""
    return kind(Pbs(Settings().of(PbsSettings).site), device, "PBS's queues")
