"""A device's calibrations over time: kept once by content, read in order; without Prefect or Qiskit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backends.circuits.calibrations import line_fidelity, summary
from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.identity import canonical_json
from escalation.ports.ledger.events import EventLog
from escalation.ports.registry import DeviceSummary, backend_descriptor
from escalation.ports.store import Store
from records.overview.numbers import DeviceDrift

if TYPE_CHECKING:
    from records.ledger.ledger import SqlLedger

KIND = "calibration"


@dataclass(frozen=True)
class KeptCalibration:
    """A calibration as it was kept.

    Attributes:
        digest: of its canonical JSON in the store.
        kept_at: when we first saw it, ISO 8601, UTC.
        summary: medians over what was enabled, layer fidelity, when the device was calibrated.
        expected_fidelity: of a line of 10 qubits under 45 two-qubit gates, measured; None where unknown.
        drift: its change since the calibration before; below zero is worse.
    """

    digest: str
    kept_at: str
    summary: DeviceSummary
    expected_fidelity: float | None
    drift: float | None


def keep(settings: Settings, device: str, found: Calibration) -> tuple[str, bool]:
    """Keeps a calibration, in the store by content and in the ledger as an event of the device.

    Returns:
        Its digest, and whether it is another than the one kept last.

    Raises:
        BadInput: when ledger or store cannot be used, or the store is another ledger's.
    """
    from records.runtime import open_records

    with open_records(settings) as (ledger, store):
        digest = store.put(canonical_json(found.to_json()))
        said = {"device": device, "calibration": digest, "calibrated_at": found.to_json()["calibrated_at"]}
        return digest, ledger.note(_about(device), KIND, said)


def history(ledger: EventLog, store: Store, device: str) -> tuple[KeptCalibration, ...]:
    """The calibrations kept of a device, oldest first; empty where `flows.calibration` never saw it.

    Raises:
        CorruptRecord: when one is missing from the store, or was changed there.
    """
    return tuple(_in_order(ledger, store, device))


def _in_order(ledger: EventLog, store: Store, device: str) -> Iterator[KeptCalibration]:
    descriptor, name = backend_descriptor(device)
    kind, before = descriptor.device_kind(name), None
    for event in ledger.events(_about(device)):
        if event["kind"] != KIND:
            continue
        digest = event["body"]["calibration"]
        found = Calibration.model_validate(json.loads(store.get(digest)))
        line = summary(found, kind)
        now = line_fidelity(found, line.readout_error)
        drift = None if now is None or before is None else now - before
        yield KeptCalibration(digest, str(event["at"]), line, now, drift)
        before = now


def drifts(ledger: "SqlLedger", store: Store, since: datetime, until: datetime) -> tuple[DeviceDrift, ...]:
    """How each device that is on record changed from `since` to `until`; a calibration at each end is read.

    Raises:
        CorruptRecord: when one is missing from the store, or was changed there.
    """
    devices = [about.removeprefix(_about("")) for about in ledger.subjects_under(_about(""))]
    return tuple(_drift(ledger, store, device, since, until) for device in devices)


def _drift(ledger: EventLog, store: Store, device: str, since: datetime, until: datetime) -> DeviceDrift:
    kept = [each for each in ledger.events(_about(device)) if each["kind"] == KIND]
    moments = [datetime.fromisoformat(str(each["at"])) for each in kept]
    earlier = [each for each, at in zip(kept, moments, strict=True) if at < since]
    within = [each for each, at in zip(kept, moments, strict=True) if since <= at < until]
    ends = [_fidelity(store, each[-1]) if each else None for each in (earlier, within or earlier)]
    last = next(reversed(within or earlier), None)
    return DeviceDrift(
        device=device,
        kept=len(within),
        before=ends[0],
        now=ends[1],
        calibrated_at=None if last is None else last["body"]["calibrated_at"],
    )


def _fidelity(store: Store, event: Mapping[str, Any]) -> float | None:
    found = Calibration.model_validate(json.loads(store.get(event["body"]["calibration"])))
    return line_fidelity(found, summary(found, DeviceKind.REHEARSAL).readout_error)


def _about(device: str) -> str:
    return f"device/{device}"
