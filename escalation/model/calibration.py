"""Devices and the content-addressed snapshots of their calibration."""

from enum import StrEnum
from math import inf
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from escalation.model.frozen import Frozen, Moment
from escalation.model.identity import canonical_json, digest_bytes

CLOCKS_DIFFER_S = 300.0
"""How far the clock here may be behind the one that stamped a calibration."""


def _share(value: Any) -> Any:
    return value if isinstance(value, int | float) and 0 <= value <= 1 else None


def _seconds(value: Any) -> Any:
    return value if isinstance(value, int | float) and 0 <= value < inf else None


Share = Annotated[float | None, BeforeValidator(_share)]
"""A probability as reported; what can be none was not reported."""
Seconds = Annotated[float | None, BeforeValidator(_seconds)]
"""A duration as reported; what can be none was not reported."""

PRACTICE_MONEY = "practice money, nobody is charged"
"""Said wherever money of a practice service is shown."""


class DeviceKind(StrEnum):
    """What a device really is; only `hardware` counts as hardware evidence."""

    CLASSICAL = "classical"
    IDEAL_SIMULATOR = "ideal simulator"
    REHEARSAL = "calibrated rehearsal"
    PRACTICE = "practice service"
    HARDWARE = "hardware"

    @property
    def paid(self) -> bool:
        """Whether work there goes through the submission; on a practice service nothing is really charged."""
        return self in (DeviceKind.PRACTICE, DeviceKind.HARDWARE)


NOT_HARDWARE = (DeviceKind.IDEAL_SIMULATOR, DeviceKind.REHEARSAL, DeviceKind.PRACTICE)
"""What stands in for quantum hardware: what ran there is no evidence from any."""


class QubitCalibration(Frozen):
    """One qubit; None is 'not reported'."""

    qubit: int
    t1_s: Seconds = None
    t2_s: Seconds = None
    readout_error: Share = None
    operational: bool = True


class GateCalibration(Frozen):
    """One gate on its qubits; error 1.0 marks a disabled gate."""

    gate: str
    qubits: tuple[int, ...]
    error: Share = None
    duration_s: Seconds = None


class LayerFidelity(Frozen):
    """Fidelity of a layered two-qubit chain (McKay et al. 2023, arXiv:2311.05933)."""

    qubits: int = Field(description="Length of the chain.")
    fidelity: float


class Calibration(Frozen):
    """A snapshot of a device, identified by the SHA-256 of its canonical JSON."""

    device: str
    processor: str = ""
    calibrated_at: Moment | None = Field(None, description="When the device was last calibrated, UTC.")
    num_qubits: int
    qubits: tuple[QubitCalibration, ...] = ()
    gates: tuple[GateCalibration, ...] = ()
    layer_fidelity: tuple[LayerFidelity, ...] = ()
    repetition_delay_s: Seconds = None

    @property
    def canonical(self) -> bytes:
        """The canonical JSON, a quarter of a megabyte for 156 qubits: made once, as nothing changes."""
        made: bytes | None = self.__dict__.get("_canonical")
        if made is None:
            made = self.__dict__["_canonical"] = canonical_json(self.to_json())
        return made

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        made: str | None = self.__dict__.get("_digest")
        if made is None:
            made = self.__dict__["_digest"] = digest_bytes(self.canonical)
        return made

    def model_copy(self, **options: Any) -> Self:
        """Returns a copy, which has another identity where it is updated."""
        made = super().model_copy(**options)
        for name in ("_canonical", "_digest"):
            made.__dict__.pop(name, None)
        return made

    def age_h(self, now: float) -> float | None:
        """Hours between the calibration and `now` (seconds since the epoch); unknown where it is yet to come.

        Clocks differ by minutes: within those it is fresh. Beyond, one of them is wrong, and with it the age.
        """
        if self.calibrated_at is None:
            return None
        age_s = now - self.calibrated_at.timestamp()
        return None if age_s < -CLOCKS_DIFFER_S else max(age_s, 0.0) / 3600.0
