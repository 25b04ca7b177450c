"""The ideal simulator as a backend."""

from collections.abc import Mapping
from typing import ClassVar

from backends.circuits.backend import SimulatedBackend
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput


class AerBackend(SimulatedBackend):
    """Samples circuits without noise; it has no devices to choose from, no calibration, no queue."""

    runs: ClassVar[Mapping[str, str]] = {
        "circuit_batch": "backends.aer.run:sample",
        "expectation_batch": "backends.aer.estimate:estimate",
    }
    quote: ClassVar[str] = "backends.aer.run:quote"
    kind = DeviceKind.IDEAL_SIMULATOR

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when a device is named."""
        if device is not None:
            raise BadInput(f"backend 'aer' has no devices to choose from, got {device!r}")
        super().__init__(settings, "aer", {})
