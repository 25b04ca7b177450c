"""Queues of PBS as devices."""

from backends.batch.devices import kind, summaries
from backends.pbs.pbs import Pbs
from backends.pbs.site import site_of
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.ports.registry import DeviceSummary


def devices() -> tuple[DeviceSummary, ...]:
    """A line each."""
    return summaries(Pbs(site_of(Settings())))


def kind_of(device: str | None) -> DeviceKind:
    """Processors; raises `BadInput` on one that is not listed, where any is."""
    return kind(Pbs(site_of(Settings())), device, "PBS's queues")
