"""Descriptor of this backend for the registry."""

from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="slurm",
    backend="backends.slurm.backend:SlurmBackend",
    accepts=("local_call", "mpi_program"),
    summary="jobs of Slurm, which outlive their submitter",
    devices="backends.slurm.devices:devices",
    kind_of="backends.slurm.devices:kind_of",
    settings="backends.slurm.settings:SlurmSettings",
    packages=("mpi4py",),
    durable=True,
)
