"""Descriptor of this backend for the registry."""

from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="local",
    backend="backends.local.backend:LocalBackend",
    accepts=("local_call",),
    summary="functions in warm worker processes on this machine",
)
