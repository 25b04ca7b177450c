"""What the registry knows of IBM Quantum devices."""

from escalation.calibration import DeviceKind
from escalation.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name="ibm_runtime",
    backend="backends.ibm_runtime.backend:IbmRuntimeBackend",
    accepts=("circuit_batch",),
    summary="IBM Quantum devices, rehearsed under the calibration snapshots that ship with IBM's client",
    devices="backends.ibm_runtime.devices:devices",
    kind_of="backends.ibm_runtime.devices:kind_of",
    kind=DeviceKind.REHEARSAL,
)
