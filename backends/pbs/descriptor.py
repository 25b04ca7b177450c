"""Descriptor of this backend for the registry."""

from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="pbs",
    backend="backends.pbs.backend:PbsBackend",
    accepts=("local_call", "mpi_program"),
    summary="jobs of PBS, which outlive their submitter",
    devices="backends.pbs.devices:devices",
    kind_of="backends.pbs.devices:kind_of",
    settings="backends.pbs.settings:PbsSettings",
    packages=("mpi4py",),
    durable=True,
)
