"""Descriptor of the simulator over ranks for the registry."""

from escalation.model.calibration import DeviceKind
from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="statevector_mpi",
    backend="backends.statevector_mpi.backend:open_backend",
    accepts=("circuit_batch", "expectation_batch"),
    summary="circuits without noise, the state vector over MPI ranks or on a GPU, here or on a cluster",
    devices="backends.statevector_mpi.devices:devices",
    kind_of="backends.statevector_mpi.devices:kind_of",
    kind=DeviceKind.IDEAL_SIMULATOR,
    settings="backends.statevector_mpi.settings:StatevectorSettings",
    packages=("qiskit", "numba", "llvmlite", "mpi4py"),
    simulates="backends.statevector_mpi.devices:holds_log2",
)
