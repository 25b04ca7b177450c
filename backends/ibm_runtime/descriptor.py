"""Descriptor of IBM Quantum devices for the registry."""

from escalation.model.calibration import DeviceKind
from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="ibm_runtime",
    backend="backends.ibm_runtime.backend:open_backend",
    accepts=("circuit_batch", "expectation_batch"),
    summary="IBM Quantum devices: rehearsed under shipped calibrations, at a practice service, or at IBM's",
    devices="backends.ibm_runtime.devices:devices",
    kind_of="backends.ibm_runtime.devices:kind_of",
    kind=DeviceKind.REHEARSAL,
    settings="backends.ibm_runtime.settings:IbmSettings",
    packages=(
        "qiskit",
        "qiskit-aer",
        "qiskit-ibm-runtime",
        "samplomatic",
        "qiskit-mitigation",
        "ibm-quantum-schemas",
    ),
)
