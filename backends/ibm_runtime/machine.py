"""A device of a service as decisions look at it, connected when it is first asked something."""

import threading
from contextlib import suppress
from typing import Any

from backends.ibm_runtime import pricing
from backends.ibm_runtime.account import check_place, find_account
from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.devices import kind_of
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError, TierwiseError, one_line
from escalation.model.kinds.circuits import Circuits
from escalation.model.quote import Quote
from escalation.model.resources import Capacity
from escalation.model.work import Work

TIMEOUT_S = (10.0, 60.0)
"""Seconds to connect, and of silence; the client's own are 5 and none, and 900 for the POST of a job."""
KEPT = 64
"""Works whose circuits are kept in memory."""


class ServiceMachine:
    """A device of a service. Threads may share it."""

    def __init__(self, settings: Settings, device: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        """Takes a device by its name; nobody is asked yet.

        Raises:
            BadInput: on a name that does not go with the service's address.
        """
        check_place(settings, device)
        self.settings = settings
        self.device = device
        self.name = f"ibm_runtime:{device}"
        self.kind = kind_of(device)
        self._timeout_s = timeout_s
        self._lock = threading.RLock()
        self._remote_device: Any = None
        self._connection: Any = None
        self._refusals: Any = None
        self._laid_out: dict[tuple[str, str], Any] = {}

    def estimate(self, work: Work) -> Quote:
        """Quotes the work under a calibration minutes old at most; seconds and USD are lower bounds."""
        calibration = self._device().recent()
        quote = pricing.quote(
            calibration, self._sent(work, calibration), self.settings.of(IbmSettings).usd_per_qpu_s
        )
        asked = work.demand()  # the client may group observables into fewer bases than they are counted in
        counts = {"circuits": max(quote.circuits, asked.circuits), "shots": max(quote.shots, asked.shots)}
        return quote.model_copy(update=counts)

    def calibration(self) -> Calibration | None:
        """Asks for the calibration in force; None where the device has none.

        Raises:
            BackendError: where nobody answers.
        """
        calibration: Calibration | None = self._device().calibration()
        return calibration

    def available(self) -> bool | None:
        """Asks whether the device takes and runs jobs; None where nobody answers."""
        with suppress(TierwiseError):
            status = self._device().status()
            return bool(status.get("state")) and status.get("status") == "active"
        return None

    def queue_s(self) -> float | None:
        """Estimates how long a job would wait, see `RemoteDevice.queue_s`; None where nobody answers."""
        with suppress(TierwiseError):
            waiting_s: float | None = self._device().queue_s()
            return waiting_s
        return None

    def close(self) -> None:
        """Lets go of the sockets; safe to call twice."""
        with self._lock:
            connection, self._connection, self._remote_device = self._connection, None, None
        if connection is not None:
            connection.close()

    def _link(self) -> Any:
        """The connection for the account, made the first time; asks nothing about the device.

        Raises:
            BadInput: where no token or no instance is known.
        """
        from backends.ibm_runtime.connection import Connection
        from backends.ibm_runtime.outcomes import Refusals

        with self._lock:
            self._refusals = self._refusals or Refusals()
            if self._connection is None:
                account = find_account(self.settings, self.device)
                self._connection = Connection(account, self._timeout_s, self._refusals)
            return self._connection

    def _device(self) -> Any:
        """The device at the connected service, a `RemoteDevice`; lists the devices the first time.

        Raises:
            BadInput: where no token or no instance is known.
            BackendError: where the service cannot be reached, or has no such device.
        """
        from backends.ibm_runtime.remote_device import RemoteDevice

        with self._lock:
            if self._remote_device is None:
                self._remote_device = RemoteDevice(self._link(), self.device)
            return self._remote_device

    def _sent(self, work: Work, calibration: Calibration) -> Any:
        """The work laid out under a calibration, kept for the next question about it."""
        from backends.ibm_runtime.payload import lay_out

        batch = circuits_of(work)
        Capacity().check(self.name, work.resources)  # a service runs circuits: it gives no nodes
        key = (batch.digest, calibration.digest)
        with self._lock:
            if key not in self._laid_out:
                try:
                    put(self._laid_out, key, lay_out(batch, calibration))
                except Exception as error:  # of the transpiler, whatever it may be
                    raise BackendError(f"{self.name} cannot take these circuits: {one_line(error)}") from None
            return self._laid_out[key]


def circuits_of(work: Work) -> Circuits[Any]:
    """Returns the work as circuits; raises `BackendError` where it is none that the service runs."""
    if work.kind not in DESCRIPTOR.accepts or not isinstance(work, Circuits):
        raise BackendError(f"IBM Quantum runs {' and '.join(DESCRIPTOR.accepts)} only, got {work.kind}")
    return work


def put(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keeps a value, and lets go of the oldest beyond `KEPT`."""
    kept[key] = value
    while len(kept) > KEPT:
        kept.pop(next(iter(kept)))
