"""From a calibration to the transpiler's target, so that a circuit's ISA follows from the record alone."""

import threading
from typing import TYPE_CHECKING

from backends.circuits.calibrations import DISABLED
from escalation.model.calibration import Calibration, GateCalibration

if TYPE_CHECKING:
    from qiskit.transpiler import Target

KEPT = 8
_KEPT: dict[str, "Target"] = {}
_KEEPING = threading.Lock()
FRACTIONAL = frozenset({"rx", "rzz"})
"""Gates that the client leaves out unless asked for (`use_fractional_gates`)."""


def target_of(calibration: Calibration) -> "Target":
    """Returns the target of a calibration, see `_made`; one that was made lately is handed out again."""
    made = _KEPT.get(calibration.digest)
    if made is None:
        made = _made(calibration)
        with _KEEPING:
            while len(_KEPT) >= KEPT:
                _KEPT.pop(next(iter(_KEPT)))
            _KEPT[calibration.digest] = made
    return made


def _made(calibration: Calibration) -> "Target":
    """Makes a target of the enabled gates of a device, with their errors and durations.

    Readout is there for every qubit that works, whether or not the device lists it among its gates.
    """
    from qiskit.circuit.library import Measure, get_standard_gate_name_mapping
    from qiskit.transpiler import InstructionProperties, QubitProperties, Target

    known = get_standard_gate_name_mapping()
    working = [qubit for qubit in calibration.qubits if qubit.operational]
    target = Target(
        num_qubits=calibration.num_qubits,
        qubit_properties=[QubitProperties(t1=qubit.t1_s, t2=qubit.t2_s) for qubit in calibration.qubits],
    )
    for name, gates in sorted(_by_name(calibration).items()):
        if name in known and name != "measure":
            places = {
                gate.qubits: InstructionProperties(error=gate.error, duration=gate.duration_s)
                for gate in gates
            }
            target.add_instruction(known[name], places, name=name)
    durations = {gate.qubits: gate.duration_s for gate in calibration.gates if gate.gate == "measure"}
    readouts = {
        (qubit.qubit,): InstructionProperties(
            error=qubit.readout_error, duration=durations.get((qubit.qubit,))
        )
        for qubit in working
        if qubit.readout_error is None or qubit.readout_error < DISABLED
    }
    target.add_instruction(Measure(), readouts)
    return target


def _by_name(calibration: Calibration) -> dict[str, list[GateCalibration]]:
    bad = {qubit.qubit for qubit in calibration.qubits if not qubit.operational}
    names: dict[str, list[GateCalibration]] = {}
    for gate in calibration.gates:
        enabled = gate.error is None or gate.error < DISABLED
        if enabled and bad.isdisjoint(gate.qubits) and gate.gate not in FRACTIONAL:
            names.setdefault(gate.gate, []).append(gate)
    return names
