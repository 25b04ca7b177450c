"""Descriptor of the ideal simulator for the registry."""

from escalation.model.calibration import DeviceKind
from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="aer",
    backend="backends.aer.backend:AerBackend",
    accepts=("circuit_batch", "expectation_batch"),
    summary="Qiskit Aer, noiseless: what the circuits would give on a perfect device",
    kind=DeviceKind.IDEAL_SIMULATOR,
    packages=("qiskit", "qiskit-aer"),
    simulates="backends.aer.memory:holds_log2",
)
