"""The machines that the ranks may run on, and how large a state vector they hold."""

from collections.abc import Iterator
from contextlib import closing, suppress
from math import inf
from typing import Any

from backends.processes.capacity import host
from backends.processes.guarded import processors
from backends.statevector_mpi import needs
from backends.statevector_mpi.gpu import found
from backends.statevector_mpi.gpu.needs import holds, host_mb
from backends.statevector_mpi.settings import StatevectorSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BackendError, BadInput, one_line
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.ports.machines import DurableBackend
from escalation.ports.registry import (
    BackendDescriptor,
    DeviceSummary,
    backend_descriptor,
    backends,
    resolve,
)

PROGRAM = "backends.statevector_mpi.program:run"
GPU_PROGRAM = "backends.statevector_mpi.gpu.state:run"
ON_GPU = "+gpu"
"""Behind a machine's name: on a GPU of it."""
DEFAULT = "mpi"
WORK = "mpi_program"


def devices() -> tuple[DeviceSummary, ...]:
    """Every backend that runs MPI programs, every device of it, and the qubits that fit into its memory."""
    ours = [each for each in backends().values() if WORK in each.accepts]
    return tuple(summary for each in ours for summary in _over(each, Settings()))


def _over(descriptor: BackendDescriptor, settings: Settings) -> Iterator[DeviceSummary]:
    """The backend by itself, then each of its devices; where it says nothing but why it has none, that."""
    own: tuple[DeviceSummary, ...] = resolve(descriptor.devices)() if descriptor.devices else ()
    silent = [each for each in own if each.trouble]
    if silent:
        yield DeviceSummary(descriptor.name, DeviceKind.IDEAL_SIMULATOR, note=silent[0].trouble)
        return
    for device in (None, *(each.name for each in own)):
        name = f"{descriptor.name}:{device}" if device else descriptor.name
        yield _summary(name, "state vector over the ranks of this backend", settings)
        on_gpu = _summary(name + ON_GPU, "state vector on a GPU, single precision", settings)
        if on_gpu.qubits is not None or not descriptor.durable:
            yield on_gpu


def _summary(name: str, note: str, settings: Settings) -> DeviceSummary:
    descriptor, device, on_gpu = machine(name)
    try:
        with closing(descriptor.open(settings, device)) as opened:
            qubits = fitting_gpu(opened, settings) if on_gpu else fitting(opened, settings)
    except (BackendError, BadInput) as error:
        qubits, note = None, one_line(error)
    return DeviceSummary(name, DeviceKind.IDEAL_SIMULATOR, qubits, note=note)


def fitting_gpu(machine: Any, settings: Settings) -> int:
    """The qubits of the largest circuit that a GPU of a machine takes.

    Raises:
        BackendError: where it has none, or nobody tells of its memory.
    """
    place = gpu(machine, settings)
    most = holds(place["gpu_mb"])
    asked = Resources(wall_s=1.0, memory_mb=host_mb(most), gpus=place["gpus"])
    machine.estimate(MpiProgram(GPU_PROGRAM, resources=asked))
    return most


def gpu(machine: Any, settings: Settings) -> dict[str, int]:
    """What is planned for a GPU of a machine: `gpu_mb`, its memory, and `gpus` to ask the machine for.

    Raises:
        BackendError: where there is no GPU, or nobody tells of its memory.
    """
    stated = settings.of(StatevectorSettings).statevector_gpu_memory_mb
    if not isinstance(machine, DurableBackend):
        here = found.first().memory_mb
        return {"gpu_mb": min(stated or here, here), "gpus": 0}  # nobody shares it out
    if stated is None:
        raise BackendError(
            f"expected TIERWISE_STATEVECTOR_GPU_MEMORY_MB to say what a GPU of {machine.name} holds, got none"
        )
    return {"gpu_mb": stated, "gpus": 1}


def fitting(machine: Any, settings: Settings) -> int:
    """The qubits of the largest circuit that a machine takes, as it says itself.

    Raises:
        BackendError: where it takes none, or nobody tells.
    """
    own, smallest = settings.of(StatevectorSettings), 1
    machine.estimate(_work(smallest, own))
    most = own.statevector_memory_mb or inf
    for qubits in range(needs.MOST_QUBITS, smallest, -1):
        work = _work(qubits, own)
        with suppress(BackendError):
            if work.resources.memory_mb <= most:
                machine.estimate(work)
                return qubits
    return smallest


def _work(qubits: int, own: StatevectorSettings) -> MpiProgram:
    """What a circuit of so many qubits asks for, apart from its time."""
    split = needs.ranks_for(qubits, 1, ranks(own))
    asked = Resources(ranks=split, wall_s=1.0, memory_mb=needs.memory_mb(qubits, split))
    return MpiProgram(PROGRAM, resources=asked)


def machine(device: str | None) -> tuple[BackendDescriptor, str | None, bool]:
    """The backend that runs the ranks, its own device, and whether it is a GPU of it.

    Raises:
        BadInput: where it runs no MPI program.
    """
    name = (device or DEFAULT).removesuffix(ON_GPU)
    descriptor, inner = backend_descriptor(name)
    if WORK not in descriptor.accepts:
        runs = sorted(name for name, each in backends().items() if WORK in each.accepts)
        raise BadInput(
            f"backend 'statevector_mpi': expected one that runs MPI programs, one of {', '.join(runs)}, got "
            f"{device!r}"
        )
    descriptor.device_kind(inner)
    return descriptor, inner, name != (device or DEFAULT)


def kind_of(device: str | None) -> DeviceKind:
    """An ideal simulator, wherever its ranks are; raises `BadInput` where they cannot be."""
    machine(device)
    return DeviceKind.IDEAL_SIMULATOR


def ranks(settings: StatevectorSettings) -> int:
    """Ranks of a state vector at most: a power of two."""
    most = settings.statevector_ranks or len(processors())
    return 1 << (most.bit_length() - 1)


def holds_log2(settings: Settings) -> float:
    """Base-2 logarithm of the amplitudes of the largest state vector that the site holds."""
    own = settings.of(StatevectorSettings)
    memory = own.statevector_memory_mb or host().memory_mb
    assert memory is not None
    return needs.holds_log2(memory, ranks(own))
