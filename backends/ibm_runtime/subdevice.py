"""The device for the transpiler, and the qubits in use cut out of it with their calibration. Needs qiskit."""

import importlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from backends.circuits.calibrations import DISABLED
from backends.ibm_runtime.snapshots import PREFIX

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

PACKAGE = "qiskit_ibm_runtime.fake_provider.backends"


@cache
def snapshot_backend(device: str) -> "BackendV2":
    """Returns the client's own backend for a snapshot."""
    module = importlib.import_module(f"{PACKAGE}.{device.removeprefix(PREFIX)}")
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    return next(made() for made in classes if getattr(made, "backend_name", None) == device)


@cache
def device_target(device: str) -> "Target":
    """Returns the snapshot's target without its disabled gates and readouts (those with error 1)."""
    target = snapshot_backend(device).target
    return cut(target, range(target.num_qubits))


def cut(target: "Target", qubits: Sequence[int]) -> "Target":
    """Returns the target over those qubits alone, qubit k of it being `qubits[k]`.

    Errors, durations, coherence times, the time step and its constraints are the originals; what is
    disabled is left out.
    """
    from qiskit.transpiler import Target

    place = {qubit: index for index, qubit in enumerate(qubits)}
    small = Target(
        num_qubits=len(place),
        dt=target.dt,
        granularity=target.granularity,
        min_length=target.min_length,
        pulse_alignment=target.pulse_alignment,
        acquire_alignment=target.acquire_alignment,
        qubit_properties=[target.qubit_properties[qubit] for qubit in qubits],
    )
    for name in sorted(target.operation_names):
        _add(small, target, name, place)
    return small


def _add(small: "Target", target: "Target", name: str, place: dict[int, int]) -> None:
    operation, properties = target.operation_from_name(name), target[name]
    if properties is None or None in properties:
        small.add_instruction(operation, name=name)
        return
    kept = {
        tuple(place[qubit] for qubit in where): what
        for where, what in properties.items()
        if all(qubit in place for qubit in where) and not _disabled(what)
    }
    if kept:
        small.add_instruction(operation, kept, name=name)


def _disabled(properties: Any) -> bool:
    error = getattr(properties, "error", None)
    return error is not None and error >= DISABLED


def as_backend(target: "Target", name: str) -> "BackendV2":
    """Wraps a target as a backend, for the makers of noise models and simulators."""
    from qiskit.providers import BackendV2, Options

    class SubDevice(BackendV2):  # type: ignore[misc]  # qiskit ships no complete types
        """A few qubits of a device; circuits run on a simulator made from it, not on itself."""

        @property
        def target(self) -> "Target":
            return target

        @property
        def max_circuits(self) -> None:
            return None

        @classmethod
        def _default_options(cls) -> Options:
            return Options()

        def run(self, run_input: Any, **options: Any) -> Any:
            raise NotImplementedError("make a simulator from the sub-device and run that")

    return SubDevice(name=name)


def used_qubits(circuit: "QuantumCircuit") -> tuple[int, ...]:
    """Returns the physical qubits that gates or measurements of an ISA circuit act on, sorted."""
    touched = {
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.name != "barrier"
        for qubit in instruction.qubits
    }
    return tuple(sorted(touched))


def relabel(circuit: "QuantumCircuit", qubits: Sequence[int]) -> "QuantumCircuit":
    """Returns the ISA circuit over the sub-device: the same gates, physical qubit `qubits[k]` as qubit k."""
    from qiskit import QuantumCircuit, QuantumRegister

    place = {qubit: index for index, qubit in enumerate(qubits)}
    small = QuantumCircuit(
        QuantumRegister(len(place), "q"), *circuit.cregs, global_phase=circuit.global_phase
    )
    for instruction in circuit.data:
        where = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        kept = [small.qubits[place[index]] for index in where if index in place]
        if len(kept) == len(where):
            small.append(instruction.operation, kept, instruction.clbits)
        elif instruction.name == "barrier" and kept:
            small.barrier(kept)
    return small
