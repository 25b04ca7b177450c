"""The devices of this backend, their kinds and summaries; imports nothing of qiskit."""

import difflib

from backends.circuits.calibrations import summary
from backends.ibm_runtime import snapshots
from backends.ibm_runtime.calibration import calibration
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput
from escalation.ports.registry import DeviceSummary

# of the April 2026 snapshots the one with the highest layer fidelity over 100 qubits
DEFAULT = "fake_boston"
# what IBM calls its devices
HARDWARE_PREFIX = "ibm_"
# devices of a practice service on this machine
PRACTICE_PREFIX = "practice_"


def kind_of(device: str | None) -> DeviceKind:
    """Tells what a device is: a rehearsal where a snapshot has that name, else by its prefix.

    `ibm_…` is hardware at IBM's service, `practice_…` belongs to a practice service; nobody is asked.

    Raises:
        BadInput: on any other name, with the nearest ones.
    """
    if device is None or device in snapshots.names():
        return DeviceKind.REHEARSAL
    if device.startswith(HARDWARE_PREFIX):
        return DeviceKind.HARDWARE
    if device.startswith(PRACTICE_PREFIX):
        return DeviceKind.PRACTICE
    raise BadInput(_unknown(device))


def _unknown(device: str) -> str:
    near = difflib.get_close_matches(device, snapshots.names(), n=3, cutoff=0.0)
    why = "left out: its errors are not typical of a device" if _left_out(device) else "unknown"
    return f"calibrated rehearsal {device!r} is {why}; nearest names: {', '.join(near)}"


def _left_out(device: str) -> bool:
    return device.removeprefix(snapshots.PREFIX) in snapshots.NOT_REAL


def devices() -> tuple[DeviceSummary, ...]:
    """Returns a line for every snapshot, newest calibration first."""
    calibrations = [calibration(name) for name in snapshots.names()]
    calibrations.sort(key=lambda snapshot: (str(snapshot.calibrated_at), snapshot.device), reverse=True)
    return tuple(
        summary(snapshot, DeviceKind.REHEARSAL, "the default" if snapshot.device == DEFAULT else "")
        for snapshot in calibrations
    )
