"""Devices and the content-addressed snapshots of their calibration."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from escalation.model import Frozen


class DeviceKind(StrEnum):
    """What a device really is; only `hardware` counts as hardware evidence."""

    CLASSICAL = "classical"
    IDEAL_SIMULATOR = "ideal simulator"
    REHEARSAL = "calibrated rehearsal"
    PRACTICE = "practice service"
    HARDWARE = "hardware"

    @property
    def paid(self) -> bool:
        """Whether work there goes through the hand-off; on a practice service nothing is really charged."""
        return self in (DeviceKind.PRACTICE, DeviceKind.HARDWARE)


class QubitCalibration(Frozen):
    """One qubit; None is 'not reported'."""

    qubit: int
    t1_s: float | None = None
    t2_s: float | None = None
    readout_error: float | None = None
    operational: bool = True


class GateCalibration(Frozen):
    """One gate on its qubits; error 1.0 marks a disabled gate."""

    gate: str
    qubits: tuple[int, ...]
    error: float | None = None
    duration_s: float | None = None


class LayerFidelity(Frozen):
    """Fidelity of a layered two-qubit chain (McKay et al. 2023, arXiv:2311.05933)."""

    qubits: int = Field(description="Length of the chain.")
    fidelity: float


class Calibration(Frozen):
    """A snapshot of a device, identified by the SHA-256 of its canonical JSON."""

    device: str
    processor: str = ""
    calibrated_at: datetime | None = Field(None, description="When the device was last calibrated, UTC.")
    num_qubits: int
    qubits: tuple[QubitCalibration, ...] = ()
    gates: tuple[GateCalibration, ...] = ()
    layer_fidelity: tuple[LayerFidelity, ...] = ()
    repetition_delay_s: float | None = None

    def age_h(self, now: float) -> float | None:
        """Hours between the calibration and `now` (seconds since the epoch)."""
        if self.calibrated_at is None:
            return None
        return (now - self.calibrated_at.timestamp()) / 3600.0
