"""How a practice service behaves, as data: every field can be set at the start and at each reset."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from practice.errors import UnusableJob

LABEL = "practice: a loopback server on this machine; no quantum hardware, no account, nothing is charged"
PREFIX = "practice_"
DEVICES = ("boston", "kingston", "torino")
INSTANCE = "crn:v1:practice:public:quantum-computing:loopback:a/practice:practice::"
TOKEN = "practice-token"


@dataclass(frozen=True)
class PracticeSettings:
    """What can be set.

    Attributes:
        devices: calibration snapshots of IBM's client that are served, without their prefix.
        seed: of every simulation, so that equal jobs give equal results.
        noise: whether jobs run under the device's calibrated noise; otherwise ideally.
        queue_polls: how often `GET jobs/ID` says Queued before a job runs.
        queue_s: seconds on the service's clock that a job waits at least.
        hold: whether jobs stay queued until they are released.
        calibrated_h_ago: age of the calibrations at the start; None serves the dates of the snapshots.
        usage_limit_s: seconds the instance may use; a job beyond that is refused.
        usage_pending_calls: how often `GET jobs/ID/metrics` says that usage is still pending.
        closed_batch_accepts: whether a closed batch accepts jobs all the same, against what IBM documents.
        max_qubits: widest job that is simulated; wider ones fail, and say so.
        hang_s: longest time in seconds that a request is left without an answer.
    """

    devices: tuple[str, ...] = DEVICES
    seed: int = 7
    noise: bool = True
    queue_polls: int = 0
    queue_s: float = 0.0
    hold: bool = False
    calibrated_h_ago: float | None = 1.0
    usage_limit_s: float = 3600.0
    usage_pending_calls: int = 0
    closed_batch_accepts: bool = False
    max_qubits: int = 20
    hang_s: float = 30.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "devices": list(self.devices)}

    def changed(self, changes: dict[str, Any]) -> "PracticeSettings":
        """Returns the settings with some replaced.

        Raises:
            practice.errors.UnusableJob: on an unknown name.
        """
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise UnusableJob(f"expected settings out of {sorted(known)}, got {unknown}")
        if "devices" in changes:
            changes = {**changes, "devices": tuple(changes["devices"])}
        return replace(self, **changes)
