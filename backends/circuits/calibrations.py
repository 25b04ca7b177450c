"""A calibration in a line, and what it lets a circuit of a stated size expect; whoever made the device."""

from statistics import median

from escalation.model.calibration import Calibration, DeviceKind
from escalation.ports.registry import DeviceSummary

DISABLED = 1.0
"""The error of a gate or a readout that is switched off."""
COMPARED_LAYER = 100
WIDTH = 10
GATES = 45
"""The circuit to compare by: a line of 10 qubits under 10 layers, in each every other neighbour's gate."""


def summary(calibration: Calibration, kind: DeviceKind, note: str = "") -> DeviceSummary:
    """Sums a calibration up in medians over what is enabled."""
    qubits = [qubit for qubit in calibration.qubits if qubit.operational]
    readouts = [q.readout_error for q in qubits if q.readout_error is not None and q.readout_error < DISABLED]
    t1s = [qubit.t1_s for qubit in qubits if qubit.t1_s is not None]
    layers = {layer.qubits: layer.fidelity for layer in calibration.layer_fidelity}
    return DeviceSummary(
        name=calibration.device,
        kind=kind,
        qubits=calibration.num_qubits,
        processor=calibration.processor,
        calibrated_at=None if calibration.calibrated_at is None else calibration.calibrated_at.isoformat(),
        two_qubit_error=_median(list(enabled_pairs(calibration).values())),
        readout_error=_median(readouts),
        t1_us=None if not t1s else median(t1s) * 1e6,
        layer_fidelity=layers.get(COMPARED_LAYER),
        note="; ".join(filter(None, (note, _lost(calibration)))),
    )


def _lost(calibration: Calibration) -> str:
    lost = sum(gate.error == DISABLED for gate in calibration.gates if len(gate.qubits) == 2)
    return f"{lost} two-qubit gates disabled" if lost else ""


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def enabled_pairs(calibration: Calibration) -> dict[tuple[int, int], float]:
    """Maps each enabled coupled pair, ordered as published, to the error of its two-qubit gate."""
    bad = {qubit.qubit for qubit in calibration.qubits if not qubit.operational}
    return {
        (gate.qubits[0], gate.qubits[1]): gate.error
        for gate in calibration.gates
        if len(gate.qubits) == 2
        and gate.error is not None
        and gate.error < DISABLED
        and bad.isdisjoint(gate.qubits)
    }


def error_per_layered_gate(calibration: Calibration, num_qubits: int) -> float:
    """Returns 1 - LF^(1/(n-1)) of the shortest reported chain that is as long as the circuit is wide.

    EPLG of McKay et al. 2023, arXiv:2311.05933; it includes what neighbouring gates do to each other.
    """
    layers = sorted(calibration.layer_fidelity, key=lambda layer: layer.qubits)
    layer = next((one for one in layers if one.qubits >= num_qubits), layers[-1])
    return 1.0 - float(layer.fidelity ** (1.0 / (layer.qubits - 1)))


def line_fidelity(calibration: Calibration, readout_error: float | None) -> float | None:
    """Of a line of 10 qubits under 45 two-qubit gates: (1 - EPLG)^45 × (1 - median readout error)^10.

    None where the device reports no layer fidelity.
    """
    if readout_error is None or not calibration.layer_fidelity:
        return None
    eplg = error_per_layered_gate(calibration, WIDTH)
    return float((1.0 - eplg) ** GATES * (1.0 - readout_error) ** WIDTH)
