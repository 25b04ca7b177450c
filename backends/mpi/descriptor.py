"""Descriptor of this backend for the registry."""

from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="mpi",
    backend="backends.mpi.backend:MpiBackend",
    accepts=("mpi_program",),
    summary="MPI programs on this machine, by mpiexec",
    settings="backends.mpi.settings:MpiSettings",
    packages=("mpi4py",),
)
