"""What backends on processors have in common: no devices, no calibration, bounds from the work itself."""

from escalation.model.amounts import Bounds
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BadInput
from escalation.model.quote import Quote
from escalation.model.work import Work


class ClassicalBackend:
    """The part of `escalation.ports.machines.Backend` that does not depend on how work is run."""

    kind = DeviceKind.CLASSICAL
    name: str

    def __init__(self, device: str | None) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        if device is not None:
            raise BadInput(f"backend {self.name!r} has no devices to choose from, got {device!r}")

    def estimate(self, work: Work) -> Quote:
        """Bounds the work by its own time limit."""
        limits = work.resources
        return Quote(
            amounts=Bounds(wall_s=limits.wall_s, cpu_s=limits.wall_s * limits.ranks * limits.threads)
        )

    def calibration(self) -> Calibration | None:
        """Returns None: processors are not calibrated."""
        return None
