"""A device at the service, now: its calibration, whether it is up, how long its queue is."""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from backends.ibm_runtime import rest
from backends.ibm_runtime.calibration import build
from backends.ibm_runtime.connection import Connection
from backends.ibm_runtime.documents import field, seconds
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError, BadInput
from escalation.model.identity import digest_bytes

RECENT_S = 300.0
"""Seconds for which calibration and queue are good enough for a price; decisions and records ask anew."""
KEPT = 8
TYPICAL_JOB_S = 10.0
"""Seconds a queued job takes, where the service tells only how many are queued: a guess, not measured."""


class WrongService(BackendError, BadInput):
    """The service does not have the device: the settings or the policy have to change."""


class RemoteDevice:
    """One device of the connected service."""

    def __init__(self, connection: Connection, name: str) -> None:
        """Checks that the service has the device, and is what the name promises.

        Raises:
            WrongService: where it has not.
        """
        self.connection = connection
        self.name = name
        self._read: dict[str, Calibration] = {}
        self._recent: tuple[float, Calibration] | None = None
        self._queue: tuple[float, float | None] | None = None
        self._check()

    def _check(self) -> None:
        account = self.connection.account
        listed = devices(self.connection.service._backends_info_per_instance[account.instance])
        names = sorted(listed)
        is_practice = any("practice" in description for description in listed.values())
        if listed and is_practice is not account.practice:
            what = "a practice service" if is_practice else "no practice service"
            raise WrongService(f"{self.name} is not at {account.service}, which is {what}")
        if self.name not in names:
            raise WrongService(
                f"{self.name}: expected a device that {account.service} has for this instance, one of "
                f"{', '.join(names) or 'none'}"
            )

    @cached_property
    def backend(self) -> Any:
        """The client's own object for the device, which is listed: what fails may pass later."""
        try:
            return self.connection.call(lambda: self.connection.service.backend(self.name))
        except BackendError as error:
            message = str(error)
        raise BackendError(f"{self.name} cannot be opened: {message}", retry=True)

    def calibration(self) -> Calibration | None:
        """Asks for the calibration in force; None where the device has none."""
        calibration = self.calibration_at(None)
        if calibration is not None:
            self._recent = (time.monotonic(), calibration)
        return calibration

    def recent(self) -> Calibration:
        """Returns a calibration that is at most `RECENT_S` old in our hands.

        Raises:
            BackendError: when it cannot be had.
        """
        if self._recent is not None and time.monotonic() - self._recent[0] < RECENT_S:
            return self._recent[1]
        calibration = self.calibration()
        if calibration is None:
            raise BackendError(f"{self.name} has no calibration now", retry=True)
        return calibration

    def calibration_at(self, moment: datetime | None) -> Calibration | None:
        """Asks for the calibration in force at a moment, None for now; the same text is read once."""
        answer = self.connection.call(lambda: self._said(moment))
        if not answer or isinstance(answer, Calibration):
            return answer or None
        calibration = self._built(answer[1])
        self._read = dict([*self._read.items(), (answer[0], calibration)][-KEPT:])
        return calibration

    def _said(self, moment: datetime | None) -> Calibration | tuple[str, Mapping[str, Any]] | None:
        """What the service says: a calibration that was read before, or a digest and what is to be read."""
        answer = rest.properties(self.name, moment)(self.connection.client._session)
        key = digest_bytes(self.connection.exchanges[-1].body)
        if key in self._read:
            return self._read[key]
        properties = answer.json()
        return (key, properties) if properties else None

    def _built(self, properties: Mapping[str, Any]) -> Calibration:
        configuration = self.connection.call(lambda: self.connection.client.backend_configuration(self.name))
        try:
            return build(self.name, configuration, properties)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            what = f"{self.name}: its calibration is not as documented: {type(error).__name__}: {error}"
        raise BackendError(" ".join(what.split()), retry=True)

    def status(self) -> Mapping[str, Any]:
        """Asks for the status: `state` (whether it is up), `status`, `length_queue`."""
        return self.connection.document(rest.status(self.name), f"the status of {self.name}")

    def recent_queue_s(self) -> float | None:
        """Returns an estimate of the wait that is at most `RECENT_S` old, see `queue_s`."""
        if self._queue is None or time.monotonic() - self._queue[0] >= RECENT_S:
            self._queue = (time.monotonic(), self.queue_s())
        return self._queue[1]

    def queue_s(self) -> float | None:
        """Estimates how long a job sent now would wait: the service's own average, or by the queue's length.

        Returns:
            0 where nothing is queued; None where the service says nothing.
        """
        listing = self.connection.document(rest.devices(), "the list of devices")
        mine, what = devices(listing.get("devices")).get(self.name, {}), f"the queue of {self.name}"
        length, average = mine.get("queue_length"), field(mine, "wait_time_seconds", what).get("average")
        if length == 0:
            return 0.0
        if average is not None and seconds(average, what) > 0:
            return float(average)
        return None if length is None else seconds(length, what) * TYPICAL_JOB_S


def devices(listed: Any) -> Mapping[str, Mapping[str, Any]]:
    """The devices of a list by their names; what is none is left out."""
    rows = listed if isinstance(listed, list) else []
    return {str(row["name"]): row for row in rows if isinstance(row, Mapping) and "name" in row}
