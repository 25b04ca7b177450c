"""Snapshots of the configured devices' calibrations, so that what was in force then is known later."""

from prefect import flow
from prefect.logging import get_run_logger
from prefect.variables import Variable

from escalation.inputs.settings import ROOT, Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput, TierwiseError
from escalation.policy.policy import load_policy
from escalation.ports.configuration import settings
from escalation.ports.registry import backend_descriptor, practises
from flows.artifacts import show_table
from flows.secret import provide_secrets
from tasks.running import as_it_is
from tasks.snapshot import Snapshot, snapshot


@flow(persist_result=False)
def calibration(devices: list[str] | None = None) -> list[Snapshot]:
    """Keeps each device's calibration, once: what has not changed since the last time is not kept again.

    Args:
        devices: as policies spell them, `ibm_runtime:fake_fez`; default: those that the policies which
            ship send circuits to.

    Returns:
        One snapshot a device; a device that cannot be read has a note that says why.
    """
    provide_secrets()
    readings = [_snapshot(device) for device in devices or configured_devices()]
    show_table(
        [
            {
                "device": reading.device,
                "calibrated at": reading.calibrated_at or "unknown",
                "calibration": reading.digest or "none",
                "note": reading.note or ("new" if reading.new else "unchanged"),
            }
            for reading in readings
        ],
        "calibrations",
        "The devices' calibrations, by the SHA-256 of their canonical JSON.",
    )
    return readings


def _snapshot(device: str) -> Snapshot:
    try:
        return snapshot(device, as_it_is(settings()))
    except TierwiseError as error:  # one device that cannot be read must not hide the others
        get_run_logger().warning("%s: %s", device, error)
        return Snapshot(device, None, None, new=False, note=str(error))


def configured_devices() -> list[str]:
    """The devices to which the policies that ship send circuits, and the further ones that the Prefect
    variable `tierwise_extra_devices` lists; sorted. Practice devices only where a service is named."""
    specs = set(Variable.get("tierwise_extra_devices", default=None) or ())
    for path in sorted((ROOT / "policies").glob("*.yaml")):
        try:
            policy = load_policy(path).policy
        except BadInput as error:
            get_run_logger().warning("policy left out: %s", error)
            continue
        specs |= set(filter(_is_device, policy.places))
    return sorted(spec for spec in specs if not is_nowhere(spec, settings()))


def _is_device(spec: str) -> bool:
    """Whether circuits run there; what cannot be known is read, and says what is wrong."""
    try:
        descriptor, device = backend_descriptor(spec)
        return descriptor.device_kind(device) is not DeviceKind.CLASSICAL
    except BadInput:
        return True


def is_nowhere(spec: str, known: Settings) -> bool:
    """Whether a device is one of a practice service, and there is none."""
    if not practises(spec):  # what cannot be known is read, and says what is wrong
        return False
    descriptor, device = backend_descriptor(spec)
    try:
        descriptor.open(known, device).close()
    except BadInput:
        return True
    return False
