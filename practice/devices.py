"""The device data that ships with IBM's client, served under practice names, encoded once.

The properties of a device are versions in time: the snapshot first, then one for every drift.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from practice import snapshots
from practice.clock import stamp
from practice.settings import LABEL, PREFIX, PracticeSettings

DATE = "@practice-date@"
ERRORS = frozenset({"gate_error", "gate_error_2", "readout_error", "prob_meas0_prep1", "prob_meas1_prep0"})
COHERENCE = frozenset({"T1", "T2"})
DISABLED = 1.0
"""The error of what is switched off: no drift changes it."""
WORST = 0.75


def snapshot_of(name: str) -> str:
    """The device whose data a practice name stands for: `practice_boston` is `boston`."""
    return name.removeprefix(PREFIX)


@dataclass(frozen=True)
class Version:
    """Properties of a device from one moment on.

    Attributes:
        id: its calibration id.
        since: the moment.
        factor: what the snapshot's errors are multiplied by.
    """

    id: str
    since: datetime
    factor: float


@dataclass(frozen=True)
class PracticeDevice:
    """One device: its versions, oldest first, whether it is up, and whether nobody may know it any more."""

    name: str
    versions: tuple[Version, ...]
    up: bool = True
    retired: bool = False

    @property
    def latest(self) -> Version:
        """The version in force."""
        return self.versions[-1]

    def drifted(self, factor: float, now: datetime) -> "PracticeDevice":
        """Returns the device with a further version: all errors times `factor`, coherence times over it."""
        number = len(self.versions)
        version = Version(f"{self.name}-calibration-{number}", now, self.latest.factor * factor)
        return replace(self, versions=(*self.versions, version))

    def at(self, moment: datetime | None, calibration_id: str | None) -> Version | None:
        """The version by its id, or the newest that is no younger than the moment; None without one."""
        versions = [
            version
            for version in self.versions
            if (calibration_id is None or version.id == calibration_id)
            and (moment is None or version.since <= moment)
        ]
        return versions[-1] if versions else None

    def properties(self, version: Version) -> bytes:
        """What `GET backends/NAME/properties` answers."""
        date = stamp(version.since) or ""
        return _properties(self.name, version.factor).replace(DATE.encode(), date.encode())

    def summary(self, queued: int) -> dict[str, Any]:
        """The device in the list of devices."""
        known = _configuration(self.name)
        return {
            "name": self.name,
            "status": {"name": "online" if self.up else "offline", "reason": "practice"},
            "is_simulator": False,
            "qubits": known["n_qubits"],
            "physical_qubits": known["n_qubits"],
            "processor_type": known.get("processor_type"),
            "queue_length": queued,
            "wait_time_seconds": {"average": 0, "p50": 0, "p95": 0},
            "practice": LABEL,
        }

    def status(self, queued: int) -> dict[str, Any]:
        """What `GET backends/NAME/status` answers."""
        return {
            "state": self.up,
            "status": "active" if self.up else "maintenance",
            "message": LABEL,
            "length_queue": queued,
            "backend_version": _configuration(self.name)["backend_version"],
        }


def make(settings: PracticeSettings, now: datetime) -> dict[str, PracticeDevice]:
    """The devices at the start, by name."""
    return {PREFIX + name: _make(PREFIX + name, settings, now) for name in settings.devices}


def _make(name: str, settings: PracticeSettings, now: datetime) -> PracticeDevice:
    ago = settings.calibrated_h_ago
    since = now - timedelta(hours=ago) if ago is not None else _snapshot_date(name)
    return PracticeDevice(name, (Version(f"{name}-calibration-0", since.replace(microsecond=0), 1.0),))


@cache
def _snapshot_date(name: str) -> datetime:
    return datetime.fromisoformat(snapshots.properties(snapshot_of(name))["last_update_date"])


@cache
def _configuration(name: str) -> dict[str, Any]:
    configuration = snapshots.configuration(snapshot_of(name))
    return {
        **configuration,
        "backend_name": name,
        "description": f"{LABEL}; data of {configuration['backend_name']}",
        "sample_name": "practice",
    }


def repetition_delay_s(name: str) -> float:
    """The delay between executions that the device takes where a job asks for none."""
    return float(_configuration(name)["default_rep_delay"]) * 1e-6


@cache
def configuration(name: str) -> bytes:
    """What `GET backends/NAME/configuration` answers."""
    return json.dumps(_configuration(name)).encode()


def step_s(name: str) -> float:
    """Seconds of the device's time step, in which delays are counted."""
    return float(_configuration(name)["dt"]) * 1e-9


@cache
def measured(name: str, factor: float) -> dict[str, Any]:
    """The properties, all errors times the factor, coherence times over it; their date is a placeholder."""
    properties = snapshots.properties(snapshot_of(name))
    return {
        **properties,
        "backend_name": name,
        "last_update_date": DATE,
        "qubits": [[_drifted(item, factor) for item in qubit] for qubit in properties["qubits"]],
        "gates": [
            {**gate, "parameters": [_drifted(item, factor) for item in gate["parameters"]]}
            for gate in properties["gates"]
        ],
    }


def _drifted(item: dict[str, Any], factor: float) -> dict[str, Any]:
    value = item["value"]
    if item["name"] in ERRORS and value < DISABLED:
        return {**item, "value": min(WORST, value * factor)}
    return {**item, "value": value / factor} if item["name"] in COHERENCE else item


@cache
def _properties(name: str, factor: float) -> bytes:
    return json.dumps(measured(name, factor)).encode()
