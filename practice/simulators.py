"""Aer under the calibration of the qubits in use, as drifted as the device is. Needs qiskit."""

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from backends.ibm_runtime.noise import simulation_method
from backends.ibm_runtime.subdevice import as_backend, cut, device_target
from practice.devices import WORST, snapshot_of

if TYPE_CHECKING:
    from qiskit.transpiler import Target
    from qiskit_aer import AerSimulator


THREADS = min(2, os.cpu_count() or 1)
"""Results do not depend on it: every parameter set has a seed of its own."""


@dataclass(frozen=True)
class Place:
    """Where a job runs.

    Attributes:
        device: its practice name.
        factor: how far it has drifted.
        noise: whether it is noisy.
        seed: of the simulation.
        max_qubits: most coupled qubits that are simulated.
        delay_s: the device's repetition delay.
    """

    device: str
    factor: float
    noise: bool
    seed: int
    max_qubits: int
    delay_s: float


@cache
def simulator(device: str, qubits: tuple[int, ...], factor: float, noise: bool) -> "AerSimulator":
    """Returns the simulator for those qubits of a device.

    Args:
        device: its practice name.
        qubits: physical ones, sorted.
        factor: what the snapshot's errors are multiplied by.
        noise: whether there is any noise.
    """
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

    method = simulation_method(len(qubits)) if noise else "automatic"
    found = AerSimulator(
        method=method,
        fusion_threshold=1,  # fuse narrow circuits, too
        max_parallel_threads=THREADS,
        max_parallel_experiments=THREADS,
    )
    if noise:
        found.set_options(
            noise_model=NoiseModel.from_backend(as_backend(sub_target(device, qubits, factor), ""))
        )
    return found


@cache
def sub_target(device: str, qubits: tuple[int, ...], factor: float) -> "Target":
    """Returns the target of those qubits with errors multiplied, coherence times divided by the factor."""
    target = cut(device_target(snapshot_of(device)), qubits)
    if factor != 1.0:
        _drift(target, factor)
    return target


@cache
def single_qubit_target(device: str, factor: float) -> "Target":
    """Returns the target of the whole device without gates that couple qubits, drifted likewise."""
    from qiskit.transpiler import Target

    whole = device_target(snapshot_of(device))
    found = Target(num_qubits=whole.num_qubits, dt=whole.dt, qubit_properties=list(whole.qubit_properties))
    for name in whole.operation_names:
        properties = whole[name]
        if properties and None not in properties and all(len(where) == 1 for where in properties):
            found.add_instruction(whole.operation_from_name(name), dict(properties), name=name)
    if factor != 1.0:
        _drift(found, factor)
    return found


def _drift(target: "Target", factor: float) -> None:
    from qiskit.transpiler import InstructionProperties

    for name in target.operation_names:
        for where, found in (target[name] or {}).items():
            if found is not None and found.error is not None:
                drifted = InstructionProperties(found.duration, min(WORST, found.error * factor))
                target.update_instruction_properties(name, where, drifted)
    target.qubit_properties = [_worse(qubit, factor) for qubit in target.qubit_properties or ()] or None


def _worse(qubit: Any, factor: float) -> Any:
    from qiskit.providers import QubitProperties

    return QubitProperties(_over(qubit.t1, factor), _over(qubit.t2, factor), qubit.frequency)


def _over(value: float | None, factor: float) -> float | None:
    return None if value is None else value / factor
