"""`tierwise devices`."""

from rich.console import Console
from rich.table import Table

from escalation.registry import BackendDescriptor, DeviceSummary, backends, resolve


def show_devices() -> None:
    """Prints every backend and its devices."""
    table = Table(
        "device", "what it is", "qubits", "processor", "calibrated", "2q error", "readout", "T1 µs",
        "layer fid.", "note", box=None,
    )  # fmt: skip
    for descriptor in backends().values():
        for device in _devices(descriptor):
            table.add_row(
                _spec(descriptor, device), str(device.kind), _text(device.qubits), device.processor,
                (device.calibrated_at or "")[:10], _text(device.two_qubit_error), _text(device.readout_error),
                _text(device.t1_us), _text(device.layer_fidelity), device.note,
            )  # fmt: skip
    Console().print(table)


def _devices(descriptor: BackendDescriptor) -> tuple[DeviceSummary, ...]:
    if descriptor.devices:
        found: tuple[DeviceSummary, ...] = resolve(descriptor.devices)()
        return found
    return (DeviceSummary(descriptor.name, descriptor.kind, note=descriptor.summary),)


def _spec(descriptor: BackendDescriptor, device: DeviceSummary) -> str:
    """The device as policies name it."""
    return device.name if device.name == descriptor.name else f"{descriptor.name}:{device.name}"


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
