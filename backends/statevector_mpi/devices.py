"""The machines that the ranks may run on, and how large a state vector they hold."""

from backends.processes.capacity import host
from backends.processes.guarded import processors
from backends.statevector_mpi import needs
from backends.statevector_mpi.settings import StatevectorSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput
from escalation.ports.registry import BackendDescriptor, DeviceSummary, backend_descriptor, backends

DEFAULT = "mpi"
WORK = "mpi_program"


def devices() -> tuple[DeviceSummary, ...]:
    """Every backend that runs MPI programs, and the qubits whose amplitudes all ranks together hold."""
    found = [name for name, each in backends().items() if WORK in each.accepts]
    qubits, note = int(holds_log2(Settings())), "state vector over the ranks of this backend"
    return tuple(DeviceSummary(name, DeviceKind.IDEAL_SIMULATOR, qubits, note=note) for name in found)


def machine(device: str | None) -> tuple[BackendDescriptor, str | None]:
    """The backend that runs the ranks, and its own device; raises `BadInput` where it runs no MPI program."""
    descriptor, inner = backend_descriptor(device or DEFAULT)
    if WORK not in descriptor.accepts:
        runs = sorted(name for name, each in backends().items() if WORK in each.accepts)
        raise BadInput(
            f"backend 'statevector_mpi': expected one that runs MPI programs, one of {', '.join(runs)}, got "
            f"{device!r}"
        )
    descriptor.device_kind(inner)
    return descriptor, inner


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
