"""The devices of this backend, their kinds and summaries; imports nothing of qiskit."""

import difflib
from statistics import median

from backends.ibm_runtime import snapshots
from backends.ibm_runtime.calibration import DISABLED, calibration, enabled_pairs
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BadInput
from escalation.ports.registry import DeviceSummary

# of the April 2026 snapshots the one with the highest layer fidelity over 100 qubits
DEFAULT = "fake_boston"
COMPARED_LAYER = 100
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
    found = [calibration(name) for name in snapshots.names()]
    found.sort(key=lambda one: (str(one.calibrated_at), one.device), reverse=True)
    return tuple(summary(one) for one in found)


def summary(found: Calibration) -> DeviceSummary:
    """Sums a calibration up in medians over what is enabled."""
    qubits = [qubit for qubit in found.qubits if qubit.operational]
    readouts = [q.readout_error for q in qubits if q.readout_error is not None and q.readout_error < DISABLED]
    t1s = [qubit.t1_s for qubit in qubits if qubit.t1_s is not None]
    layers = {layer.qubits: layer.fidelity for layer in found.layer_fidelity}
    lost = sum(gate.error == DISABLED for gate in found.gates if len(gate.qubits) == 2)
    return DeviceSummary(
        name=found.device,
        kind=DeviceKind.REHEARSAL,
        qubits=found.num_qubits,
        processor=found.processor,
        calibrated_at=None if found.calibrated_at is None else found.calibrated_at.isoformat(),
        two_qubit_error=_median(list(enabled_pairs(found).values())),
        readout_error=_median(readouts),
        t1_us=None if not t1s else median(t1s) * 1e6,
        layer_fidelity=layers.get(COMPARED_LAYER),
        note=_note(found.device, lost),
    )


def _note(device: str, lost: int) -> str:
    said = ["the default"] if device == DEFAULT else []
    if lost:
        said.append(f"{lost} two-qubit gates disabled")
    return "; ".join(said)


def _median(values: list[float]) -> float | None:
    return median(values) if values else None
