"""What the submission expects of a backend that must be paid for. Verbs only: the protocol is elsewhere.

`PaidBackend` is what all of them have; the verbs that send a job are those of the strategy that the machine
declares, and what only a machine with qubits can tell is in `Calibrated`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from escalation.model.blob import Blob
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.ports.exactly_once import Strategy
from escalation.ports.machines import Machine


class NotSent(BackendError):
    """Nothing of the job left this machine; `retry` tells whether it may later."""


class Answered(BackendError):
    """A POST that left this machine, and no word on it that names a job.

    Attributes:
        after_s: seconds to wait before another POST, where the service said so.
    """

    def __init__(self, message: str, *, retry: bool = True, after_s: float | None = None) -> None:
        super().__init__(message, retry=retry)
        self.after_s = after_s


class Declined(Answered):
    """The service answered that it did not accept; `retry` tells whether it may later.

    It may have accepted all the same: that is known once its jobs have been listed.
    """


class InDoubt(Answered):
    """Nobody can tell from the answer, or from its absence, whether the service accepted the job."""


class Malformed(BackendError):
    """What the service answered is not what was asked for; it may be asked again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


class Unreadable(BackendError):
    """An answer that cannot be read as a result; it may be asked for again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


@runtime_checkable
class PaidBackend(Machine, Protocol):
    """A service that charges. Every verb is one exchange; none retries, waits or keeps state of its own.

    All raise `BackendError`, its `retry` telling whether the same call may succeed later. Only `send`, which
    is the strategy's (`FencedBackend`, `KeyedBackend`), ever leaves it open whether something was done, and
    says so with `InDoubt` or `Declined`. What follows a job goes by its id and by what was frozen, and asks
    nothing about the device, which may be gone.
    """

    @property
    def exactly_once(self) -> Strategy:
        """How the service is made to take a job exactly once."""

    def at(self, frozen: Mapping[str, Any]) -> "PaidBackend | None":
        """The same device for the account that a payload was frozen for, see `Payload.describe`.

        None where this is it.
        """

    def price(self, work: Work) -> Price:
        """Estimates the work from circuits and calibration; nothing is sent."""

    def repriced(self, price: Price) -> Price:
        """The same seconds at what one costs now; nobody is asked."""

    def freeze(self, work: Work, tag: str, price: Price) -> Payload:
        """Makes the request's exact bytes, with the tag, and `price.cap.qpu_s` as the cap."""

    def quota_left(self) -> tuple[float | None, str]:
        """Seconds that the service's plan leaves (None: no limit told), and a word on it."""

    def find(self, tag: str, batches: Sequence[str]) -> tuple[RemoteJob, ...]:
        """Lists every job with the tag, and every job in the batches; earliest first.

        Where the job's id is chosen, the job of that id, if there is one. Nothing means that the service said
        so: what it did not say, or could not, is a `BackendError`.
        """

    def look(self, job_id: str) -> RemoteJob:
        """Asks after a job; raises `BackendError` without `retry` when the service does not know it."""

    def fetch(self, job: RemoteJob) -> bytes:
        """The raw text of a job that was seen final: its result where it succeeded, else its own record."""

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        """Decodes a raw text, without usage; a failed or cancelled job becomes a failed result.

        Raises:
            Unreadable: when the text is cut off or corrupt.
        """

    def usage_qpu_s(self, job_id: str) -> float | None:
        """Seconds charged, finite and at least 0; None while they are not final."""

    def cancel_job(self, job_id: str) -> None:
        """Asks the service to stop a job; does nothing when it is final."""

    def evidence(self, job_id: str) -> Mapping[str, Blob]:
        """What else the service keeps of a job (metrics, logs); best effort, empty where not to be had."""

    def facts_of(self, job: RemoteJob) -> Mapping[str, Any]:
        """What the record says of where it ran: service, instance, program, versions; never a secret."""


@runtime_checkable
class FencedBackend(PaidBackend, Protocol):
    """A paid machine that declares `Fence`."""

    def open_batch(self) -> str:
        """Opens a batch; returns its id. Costs nothing while it is empty."""

    def close_batch(self, batch: str) -> bool:
        """Has the batch accept no more jobs; whether the service confirms, asked back, that it does not."""

    def send(self, payload: Payload, batch: str) -> RemoteJob:
        """POSTs the frozen bytes into the batch, once.

        Raises:
            NotSent: nothing left this machine.
            Declined: the service said no.
            InDoubt: it may have a job of it.
        """


@runtime_checkable
class KeyedBackend(PaidBackend, Protocol):
    """A paid machine that declares `ClientToken` or `ChosenId`."""

    def send(self, payload: Payload, key: str, may_leave: Callable[[], bool]) -> RemoteJob:
        """POSTs the frozen bytes, once, under the key, or with the id that follows from it.

        Where the service has a job of the id already, that is `InDoubt`: it is looked for and adopted.

        Args:
            payload: what is sent.
            key: names the work at the service; the tag, the same in every POST.
            may_leave: asked right before the first byte leaves. Where it says no, too much time has passed
                since the POST was announced (the process slept, say): it is `NotSent`, to be tried again.

        Raises:
            NotSent: nothing left this machine.
            Declined: the service said no.
            InDoubt: it may have a job of it.
        """


@runtime_checkable
class Calibrated(Protocol):
    """What a machine with qubits tells beside: under which calibration a job ran, and what that did to it."""

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        """The calibration in force when the job ran; None where nobody knows."""

    def fidelity(self, work: Work, calibration: Calibration) -> float | None:
        """Expected fidelity of the work's worst circuit under a calibration; drift is measured by it."""
