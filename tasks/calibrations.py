"""A device's calibrations over time: kept once by content, read in order; without Prefect or Qiskit."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration
from escalation.model.identity import canonical_json
from escalation.ports.ledger.events import EventLog
from escalation.ports.registry import DeviceSummary
from escalation.ports.store import Store

KIND = "calibration"
WIDTH = 10
GATES = 45
"""The circuit to compare by: a line of 10 qubits under 10 layers, in each every other neighbour's gate."""


@dataclass(frozen=True)
class Kept:
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
    """
    from records.ledger.database import Database
    from records.ledger.events import append, read
    from records.store import FileStore

    digest = FileStore(settings.store).put(canonical_json(found.to_json()))
    body = {"device": device, "calibration": digest, "calibrated_at": found.to_json()["calibrated_at"]}
    database = Database(settings.ledger)
    try:
        with database.writing() as connection:
            kept = [event["body"] for event in read(connection, _about(device))]
            new = not kept or kept[-1]["calibration"] != digest
            if new:
                append(connection, _about(device), KIND, body)
    finally:
        database.close()
    return digest, new


def history(ledger: EventLog, store: Store, device: str) -> tuple[Kept, ...]:
    """The calibrations kept of a device, oldest first; empty where `flows.calibration` never saw it.

    Raises:
        CorruptRecord: when one is missing from the store, or was changed there.
    """
    return tuple(_in_order(ledger, store, device))


def _in_order(ledger: EventLog, store: Store, device: str) -> Iterator[Kept]:
    from backends.ibm_runtime.devices import summary

    before: float | None = None
    for event in ledger.events(_about(device)):
        if event["kind"] != KIND:
            continue
        digest = event["body"]["calibration"]
        found = Calibration.model_validate(json.loads(store.get(digest)))
        line = summary(found)
        now = expected_fidelity(found, line.readout_error)
        drift = None if now is None or before is None else now - before
        yield Kept(digest, str(event["at"]), line, now, drift)
        before = now


def expected_fidelity(found: Calibration, readout_error: float | None) -> float | None:
    """Of a line of 10 qubits under 45 two-qubit gates: (1 - EPLG)^45 × (1 - median readout error)^10.

    EPLG as in McKay et al. 2023, arXiv:2311.05933; None where the device reports no layer fidelity.
    """
    from backends.ibm_runtime.estimate import error_per_layered_gate

    if readout_error is None or not found.layer_fidelity:
        return None
    eplg = error_per_layered_gate(found, WIDTH)
    return float((1.0 - eplg) ** GATES * (1.0 - readout_error) ** WIDTH)


def _about(device: str) -> str:
    return f"device/{device}"
