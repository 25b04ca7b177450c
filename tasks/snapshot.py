"""Keeps a device's calibration as it is now: in the store by content, in the ledger as an event."""

from dataclasses import dataclass

from prefect import task

from escalation.identity import canonical_json
from escalation.registry import backend_descriptor, resolve
from escalation.settings import Settings
from tasks.running import OPTIONS

NOT_CALIBRATED = "has no calibration"


@dataclass(frozen=True)
class Snapshot:
    """What was found on a device; digest None where it has no calibration."""

    device: str
    digest: str | None
    calibrated_at: str | None
    new: bool
    note: str = ""


@task(name="snapshot", task_run_name="snapshot {device}", **OPTIONS)
def snapshot(device: str, settings: Settings) -> Snapshot:
    """Reads the device's calibration, and keeps it where it is not the one kept last."""
    from records.database import Database
    from records.events import append, read
    from records.store import FileStore

    descriptor, name = backend_descriptor(device)
    backend = resolve(descriptor.backend)(settings, name)
    try:
        found = backend.calibration()
    finally:
        backend.close()
    if found is None:
        return Snapshot(device, None, None, new=False, note=NOT_CALIBRATED)
    digest = FileStore(settings.store).put(canonical_json(found.to_json()))
    body = {"device": device, "calibration": digest, "calibrated_at": found.to_json()["calibrated_at"]}
    about = f"device/{device}"
    database = Database(settings.ledger)
    try:
        with database.writing() as connection:
            kept = [event["body"] for event in read(connection, about)]
            new = not kept or kept[-1]["calibration"] != digest
            if new:
                append(connection, about, "calibration", body)
    finally:
        database.close()
    return Snapshot(device, digest, body["calibrated_at"], new=new)
