"""Keeps a device's calibration as it is now: in the store by content, in the ledger as an event."""

from dataclasses import dataclass

from prefect import task

from escalation.inputs.settings import Settings
from escalation.ports.registry import backend_descriptor
from tasks.calibrations import keep
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
    descriptor, name = backend_descriptor(device)
    backend = descriptor.open(settings, name)
    try:
        found = backend.calibration()
    finally:
        backend.close()
    if found is None:
        return Snapshot(device, None, None, new=False, note=NOT_CALIBRATED)
    digest, new = keep(settings, device, found)
    return Snapshot(device, digest, found.to_json()["calibrated_at"], new=new)
