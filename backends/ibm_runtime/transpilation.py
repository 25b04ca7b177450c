"""Transpilation to the ISA circuit that a device gets, once per circuit and calibration. Needs qiskit."""

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from backends.circuits.pubs import load_circuit
from backends.circuits.size import Entangler, entanglers, simulation_log2
from backends.ibm_runtime.calibration import calibration
from backends.ibm_runtime.layout import as_line, best_chain
from backends.ibm_runtime.subdevice import device_target, relabel, used_qubits
from backends.ibm_runtime.target import target_of
from escalation.model.calibration import Calibration
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes, digest_json
from escalation.model.kinds.circuits import AnyPub
from escalation.model.pauli import Observable

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

KEPT = 64
MEASURED = "meas"
"""The register that the qubits of observables are read into."""
_KEPT: dict[str, "IsaCircuit"] = {}
_KEEPING = threading.Lock()


@dataclass(frozen=True)
class IsaCircuit:
    """A circuit in a device's instruction set.

    Attributes:
        circuit: over all qubits of the device.
        qubits: the physical qubits in use, sorted.
        entanglers: its two-qubit gates.
        simulation_log2: of the logical circuit, see `backends.circuits.size.simulation_log2`.
    """

    circuit: "QuantumCircuit"
    qubits: tuple[int, ...]
    entanglers: tuple[Entangler, ...]
    simulation_log2: float

    @cached_property
    def small(self) -> "QuantumCircuit":
        """The same circuit over the qubits in use only."""
        return relabel(self.circuit, self.qubits)

    @cached_property
    def measured(self) -> tuple[int, ...]:
        """The physical qubits that are measured, a number for every measurement."""
        data = self.circuit.data
        return tuple(self.circuit.find_bit(i.qubits[0]).index for i in data if i.name == "measure")

    def observable(self, terms: Observable) -> Observable:
        """Maps a logical observable to the device's qubits, as Qiskit's `apply_layout` does."""
        width, places = self.circuit.num_qubits, self.measured
        mapped = {}
        for label, weight in terms.items():
            letters = ["I"] * width
            for qubit, letter in enumerate(reversed(label)):
                letters[width - 1 - places[qubit]] = letter
            mapped["".join(letters)] = weight
        return mapped

    @cached_property
    def qasm3(self) -> str:
        """OpenQASM 3 text, the same in every process: its digest is the circuit's identity."""
        from qiskit import qasm3

        return str(qasm3.dumps(self.circuit))

    @property
    def digest(self) -> str:
        """SHA-256 of the OpenQASM 3 text."""
        return digest_bytes(self.qasm3.encode())

    @cached_property
    def qpy(self) -> bytes:
        """The circuit as QPY, which differs between processes."""
        from qiskit import qpy

        buffer = io.BytesIO()
        qpy.dump(self.circuit, buffer)
        return buffer.getvalue()

    @cached_property
    def drawing(self) -> str:
        """The circuit drawn in text, idle qubits left out."""
        return str(self.circuit.draw("text", idle_wires=False, fold=160))


@dataclass(frozen=True)
class CalibratedTarget:
    """Where a circuit is to run: a device's calibration and the target that goes with it."""

    calibration: Calibration
    target: "Target"

    @cached_property
    def digest(self) -> str:
        """Of the calibration."""
        return self.calibration.digest

    @classmethod
    def snapshot(cls, device: str) -> "CalibratedTarget":
        """The device of a snapshot, as IBM's client sees it."""
        return cls(calibration(device), device_target(device))

    @classmethod
    def live(cls, calibration: Calibration) -> "CalibratedTarget":
        """A device under a calibration, from that alone."""
        return cls(calibration, target_of(calibration))


def transpile_pub(device: str, pub: AnyPub, optimization_level: int, seed: int) -> IsaCircuit:
    """Transpiles a pub's circuit for a snapshot, see `transpile`."""
    return transpile(CalibratedTarget.snapshot(device), pub, optimization_level, seed)


def transpile_batch(
    place: CalibratedTarget, pubs: Sequence[AnyPub], optimization_level: int, seed: int
) -> list[IsaCircuit]:
    """Transpiles the pubs of a batch, see `transpile`.

    A circuit without two-qubit gates is put where the first circuit of the same width that has some is read
    out: so it can tell what readout does to that circuit.
    """
    read: dict[int, tuple[int, ...]] = {}
    for pub in pubs:
        circuit = load_circuit(pub)
        if circuit.num_qubits not in read and entanglers(circuit):
            isa = transpile(place, pub, optimization_level, seed)
            read[circuit.num_qubits] = tuple(isa.circuit.layout.final_index_layout(filter_ancillas=True))
    return [_beside(place, pub, optimization_level, seed, read) for pub in pubs]


def _beside(
    place: CalibratedTarget,
    pub: AnyPub,
    optimization_level: int,
    seed: int,
    read: Mapping[int, tuple[int, ...]],
) -> IsaCircuit:
    circuit = load_circuit(pub)
    layout = None if entanglers(circuit) else read.get(circuit.num_qubits)
    return transpile(place, pub, optimization_level, seed, layout)


def transpile(
    place: CalibratedTarget,
    pub: AnyPub,
    optimization_level: int,
    seed: int,
    layout: tuple[int, ...] | None = None,
) -> IsaCircuit:
    """Transpiles a pub's circuit, or returns what an earlier call made of it under the same calibration.

    A circuit whose interactions lie on a line goes to the device's best chain without SWAPs; any other is
    laid out and routed by Qiskit's preset passes (VF2, then SABRE), both over enabled gates only. A `layout`,
    the physical qubit of every circuit qubit, goes before either.

    Raises:
        BadInput: when the circuit does not fit the device.
    """
    text = digest_bytes(pub.qasm3.encode())
    key = digest_json([text, list(pub.parameter_names), place.digest, optimization_level, seed, layout])
    transpiled = _KEPT.get(key)
    if transpiled is None:
        transpiled = _transpile(place, load_circuit(pub), optimization_level, seed, layout)
        with _KEEPING:
            while len(_KEPT) >= KEPT:
                _KEPT.pop(next(iter(_KEPT)))
            _KEPT[key] = transpiled
    return transpiled


def _transpile(
    place: CalibratedTarget,
    circuit: "QuantumCircuit",
    optimization_level: int,
    seed: int,
    layout: tuple[int, ...] | None,
) -> IsaCircuit:
    from qiskit.transpiler import TranspilerError, generate_preset_pass_manager

    device, target = place.calibration.device, place.target
    if circuit.num_qubits > target.num_qubits:
        raise BadInput(
            f"expected at most the {target.num_qubits} qubits of {device}, got {circuit.num_qubits}"
        )
    gates = entanglers(circuit)
    line = line_layout(place.calibration, circuit.num_qubits, gates) if layout is None else None
    try:
        isa = generate_preset_pass_manager(
            optimization_level=optimization_level,
            target=target,
            initial_layout=line if layout is None else list(layout),
            seed_transpiler=seed,
        ).run(circuit)
    except TranspilerError as error:
        raise BadInput(f"the circuit does not fit {device}: {' '.join(str(error.message).split())}") from None
    if not circuit.num_clbits:
        _measure_all(isa)
    size = simulation_log2(circuit.num_qubits, gates)
    return IsaCircuit(isa, used_qubits(isa), tuple(entanglers(isa)), size)


def _measure_all(isa: "QuantumCircuit") -> None:
    """Measures every qubit of a circuit that was asked for expectation values, qubit k into bit k.

    Only after it was transpiled: before a measurement the transpiler leaves out what does not change its
    bits, which other bases than Z would see.
    """
    from qiskit import ClassicalRegister

    places = isa.layout.final_index_layout(filter_ancillas=True)
    register = ClassicalRegister(len(places), MEASURED)
    isa.add_register(register)
    isa.measure(places, register)


def line_layout(calibration: Calibration, num_qubits: int, gates: list[Entangler]) -> list[int] | None:
    """Returns the physical qubit of every circuit qubit on the best chain; None where there is no line."""
    order = as_line(num_qubits, [(gate.a, gate.b) for gate in gates])
    chain = None if order is None else best_chain(calibration, num_qubits)
    if order is None or chain is None:
        return None
    place = dict(zip(order, chain, strict=True))
    return [place[qubit] for qubit in range(num_qubits)]
