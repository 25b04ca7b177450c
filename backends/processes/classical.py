"""Base of backends on processors: no devices, no calibration, bounds from the work itself."""

from typing import ClassVar

from backends.processes.capacity import host
from escalation.model.amounts import Bounds
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BadInput
from escalation.model.quote import Quote
from escalation.model.resources import Capacity
from escalation.model.work import Work


class ClassicalBackend:
    """The part of `escalation.ports.machines.Backend` that does not depend on how work is run."""

    kind = DeviceKind.CLASSICAL
    name: str
    ranks: ClassVar[int | None] = 1
    """Processes that a piece of work may have here; None is as many as it asks for."""

    @property
    def capacity(self) -> Capacity:
        """What this machine can give."""
        return host(self.ranks)

    def __init__(self, device: str | None) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        if device is not None:
            raise BadInput(f"backend {self.name!r} has no devices to choose from, got {device!r}")

    def estimate(self, work: Work) -> Quote:
        """Bounds the work by its own time limit.

        Raises:
            BackendError: when it asks for what this machine cannot give.
        """
        self.capacity.check(self.name, work.resources)
        return Quote(amounts=Bounds.of(work.resources.used_within(work.resources.wall_s)))

    def calibration(self) -> Calibration | None:
        """Returns None: processors are not calibrated."""
        return None
