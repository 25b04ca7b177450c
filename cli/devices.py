"""`tierwise devices`."""

import json
import sys
from dataclasses import asdict
from typing import Any

from cli.terminal import plain, show_table, terminal
from escalation.model.errors import BadInput, first_line
from escalation.ports.registry import (
    BackendDescriptor,
    DeviceSummary,
    backend_descriptor,
    backends,
    is_ours,
    resolve,
)
from escalation.text.moments import moment
from records.runtime import open_records
from tasks.calibrations import KeptCalibration, history


def show_devices(*, as_lines: bool) -> None:
    """Prints every backend and its devices; as JSON one object a line."""
    if as_lines:
        for descriptor in backends().values():
            for device in _devices(descriptor):
                _write({**asdict(device), "name": _spec(descriptor, device)})
        return
    console, found = terminal(), [(each, device) for each in backends().values() for device in _devices(each)]
    spare = ("note", "processor", "T1 µs", "layer fid.", "readout", "2q error", "calibrated")
    show_table(console, _DEVICES, [_row(*each) for each in found], spare)
    for descriptor, device in found:
        if device.trouble:  # outside the table, which a narrow terminal shows a part of
            line = f"[yellow]{plain(_spec(descriptor, device))}[/]: {plain(device.trouble)}"
            console.print(line, soft_wrap=True)


_DEVICES = (
    "device", "what it is", "qubits", "2q error", "readout", "calibrated", "layer fid.", "T1 µs", "processor",
    "note",
)  # fmt: skip


def _row(descriptor: BackendDescriptor, device: DeviceSummary) -> tuple[str, ...]:
    return (
        _spec(descriptor, device), str(device.kind), _text(device.qubits), _text(device.two_qubit_error),
        _text(device.readout_error), (device.calibrated_at or "")[:10], _text(device.layer_fidelity),
        _text(device.t1_us), device.processor, device.note,
    )  # fmt: skip


def show_history(device: str, *, as_lines: bool) -> None:
    """Prints the calibrations kept of a device, oldest first, and how far each drifted from the one before.

    Raises:
        BadInput: on an unknown device, or where none was kept.
    """
    descriptor, name = backend_descriptor(device)
    descriptor.device_kind(name)
    with open_records() as (ledger, store):
        snapshots = history(ledger, store, device)
    if not snapshots:
        raise BadInput(
            f"{device}: expected kept calibrations, found none: the `calibration` deployment keeps them"
        )
    if as_lines:
        for snapshot in snapshots:
            _write({"device": device, **asdict(snapshot)})
        return
    console = terminal()
    console.print(f"{plain(device)}: expected fidelity of a line of 10 qubits under 45 two-qubit gates")
    show_table(console, _HISTORY, list(map(_kept_row, snapshots)), spare=("T1 µs", "kept"))


_HISTORY = ("calibrated", "2q error", "readout", "expected fid.", "drift", "calibration", "T1 µs", "kept")


def _kept_row(kept: KeptCalibration) -> tuple[str, ...]:
    line = kept.summary
    return (
        moment(line.calibrated_at) if line.calibrated_at else "", _text(line.two_qubit_error),
        _text(line.readout_error), _text(kept.expected_fidelity),
        "" if kept.drift is None else f"{kept.drift:+.2g}", kept.digest[:12], _text(line.t1_us),
        moment(kept.kept_at),
    )  # fmt: skip


def _write(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")


def device_specs() -> list[str]:
    """All devices, as policies name them."""
    return [_spec(each, device) for each in backends().values() for device in _devices(each)]


def _devices(descriptor: BackendDescriptor) -> tuple[DeviceSummary, ...]:
    trouble = ""
    try:
        summaries: tuple[DeviceSummary, ...] = resolve(descriptor.devices)() if descriptor.devices else ()
    except Exception as error:
        if is_ours(descriptor.name):
            raise
        summaries, trouble = (), f"its devices cannot be listed: {first_line(error)}"
    alone = DeviceSummary(descriptor.name, descriptor.kind, note=descriptor.summary, trouble=trouble)
    return summaries or (alone,)


def _spec(descriptor: BackendDescriptor, device: DeviceSummary) -> str:
    """The device as policies name it."""
    return device.name if device.name == descriptor.name else f"{descriptor.name}:{device.name}"


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
