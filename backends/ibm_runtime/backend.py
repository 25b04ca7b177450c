"""IBM Quantum as a backend: calibrated rehearsals, a practice service, or IBM's own service."""

from collections.abc import Mapping
from typing import ClassVar

from backends.circuits.backend import SimulatedBackend
from backends.ibm_runtime import snapshots
from backends.ibm_runtime.calibration import calibration
from backends.ibm_runtime.devices import DEFAULT, kind_of
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BadInput
from escalation.model.quote import Quote
from escalation.model.work import Work


class IbmRuntimeBackend(SimulatedBackend):
    """A calibrated rehearsal: the ISA circuits a device would get, run under its own calibration on Aer."""

    runs: ClassVar[Mapping[str, str]] = {
        "circuit_batch": "backends.ibm_runtime.run:sample",
        "expectation_batch": "backends.ibm_runtime.run:estimate_values",
    }
    quote: ClassVar[str] = "backends.ibm_runtime.run:quote"

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Opens a device, `DEFAULT` where none is named.

        Raises:
            BadInput: on an unknown rehearsal, and on a device that is none.
        """
        self.kind = kind_of(device)
        if self.kind is not DeviceKind.REHEARSAL:
            raise BadInput(
                f"{device}: expected a calibrated rehearsal, one of {', '.join(snapshots.names())}"
            )
        self.device = device or DEFAULT
        context = {"device": self.device, "usd_per_qpu_s": settings.of(IbmSettings).usd_per_qpu_s}
        super().__init__(settings, f"ibm_runtime:{self.device}", context)

    def calibration(self) -> Calibration | None:
        """The snapshot that the rehearsal runs under; its age is the snapshot's."""
        return calibration(self.device)

    def hardware_estimate(self, work: Work) -> Quote:
        """Quotes what the real device would charge for the work: QPU seconds, and USD where a price is set.

        The rehearsal itself charges nothing, which is what `estimate` says. `usd` is None without
        `IbmSettings.usd_per_qpu_s`, `qpu_s` is None where the snapshot reports no repetition delay.
        """
        return Quote.model_validate(self.quoted(work).values["hardware"])


def open_backend(settings: Settings, device: str | None = None) -> IbmRuntimeBackend | ServiceBackend:
    """Opens a device: `fake_…` (or none named) is rehearsed here, `practice_…` and `ibm_…` are at a service.

    Raises:
        BadInput: on an unknown name, or one that does not go with the service's address.
    """
    if device is None or not kind_of(device).paid:
        return IbmRuntimeBackend(settings, device)
    return ServiceBackend(settings, device)
