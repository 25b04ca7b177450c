"""`tierwise devices`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from escalation.errors import BadInput
from escalation.registry import BackendDescriptor, DeviceSummary, backend_descriptor, backends, resolve
from tasks.calibrations import Kept, history
from tasks.runtime import open_records


def show_devices(*, as_lines: bool) -> None:
    """Prints every backend and its devices; as JSON one object a line."""
    if as_lines:
        for descriptor in backends().values():
            for device in _devices(descriptor):
                _write({**asdict(device), "name": _spec(descriptor, device)})
        return
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


def show_history(device: str, *, as_lines: bool) -> None:
    """Prints the calibrations kept of a device, oldest first, and how far each drifted from the one before.

    Raises:
        BadInput: on an unknown device, or where none was kept.
    """
    descriptor, name = backend_descriptor(device)
    descriptor.device_kind(name)
    with open_records() as (ledger, store):
        found = history(ledger, store, device)
    if not found:
        raise BadInput(
            f"{device}: expected kept calibrations, found none: the `calibration` deployment keeps them"
        )
    if as_lines:
        for each in found:
            _write({"device": device, **asdict(each)})
        return
    Console().print(f"{escape(device)}: expected fidelity of a line of 10 qubits under 45 two-qubit gates")
    Console().print(_history_table(found))


def _history_table(found: Sequence[Kept]) -> Table:
    table = Table(
        "kept",
        "calibrated",
        "2q error",
        "readout",
        "T1 µs",
        "expected fid.",
        "drift",
        "calibration",
        box=None,
    )
    for each in found:
        line = each.summary
        table.add_row(
            each.kept_at[:16].replace("T", " "), (line.calibrated_at or "")[:16].replace("T", " "),
            _text(line.two_qubit_error), _text(line.readout_error), _text(line.t1_us),
            _text(each.expected_fidelity), "" if each.drift is None else f"{each.drift:+.2g}",
            each.digest[:12],
        )  # fmt: skip
    return table


def _write(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")


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
