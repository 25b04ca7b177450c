"""What the hand-off expects of a backend that must be paid for. Verbs only: the protocol is elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from escalation.calibration import Calibration
from escalation.errors import BackendError
from escalation.handoff.model import Payload, Price, RemoteJob
from escalation.protocols import Machine
from escalation.work import Blob, RawResult, Work


class NotAccepted(BackendError):
    """The service definitely did not accept the job; `retry` tells whether it may later.

    Attributes:
        after_s: seconds to wait before the next try, where the service said so.
    """

    def __init__(self, message: str, *, retry: bool, after_s: float | None = None) -> None:
        super().__init__(message, retry=retry)
        self.after_s = after_s


class InDoubt(BackendError):
    """Nobody can tell from the answer, or from its absence, whether the service accepted the job."""


class Unreadable(BackendError):
    """What came cannot be read as a result; it may be asked for again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


@runtime_checkable
class PaidBackend(Machine, Protocol):
    """A service that charges. Every verb is one exchange; none retries, waits or keeps state of its own.

    All raise `BackendError`, its `retry` telling whether the same call may succeed later; only `send` ever
    leaves it open whether something was done, and says so with `InDoubt`.
    """

    def price(self, work: Work) -> Price:
        """Estimates the work from circuits and calibration; nothing is sent."""

    def freeze(self, work: Work, tag: str, price: Price) -> Payload:
        """Makes the request's exact bytes: ISA circuits, options, tag, `price.cap_qpu_s` as the cap."""

    def quota_left(self) -> tuple[float | None, str]:
        """Seconds that the service's plan leaves (None: no limit told), and a word on it."""

    def open_fence(self) -> str:
        """Opens a batch; returns its id. Costs nothing while it is empty."""

    def close_fence(self, fence: str) -> bool:
        """Has the batch accept no more jobs; whether the service confirms, asked back, that it does not."""

    def send(self, payload: Payload, fence: str) -> RemoteJob:
        """POSTs the frozen bytes into the fence, once.

        Raises:
            NotAccepted: the service definitely has no job of this POST.
            InDoubt: it may have one.
        """

    def find(self, tag: str, fences: Sequence[str]) -> tuple[RemoteJob, ...]:
        """Lists every job with the tag, in any fence or none, and every job in the fences; earliest first."""

    def look(self, job_id: str) -> RemoteJob:
        """Asks after a job; raises `BackendError` without `retry` when the service does not know it."""

    def fetch(self, job_id: str) -> bytes:
        """The raw text of a final job: its result where it succeeded, the job's own record where not."""

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        """Decodes a raw text, without usage; a failed or cancelled job becomes a failed result.

        Raises:
            Unreadable: when the text is cut off or corrupt.
        """

    def usage_qpu_s(self, job_id: str) -> float | None:
        """Seconds charged; None while they are not final."""

    def calibration_for(self, job: RemoteJob) -> Calibration | None:
        """The calibration in force when the job ran; None where nobody knows."""

    def fidelity(self, work: Work, found: Calibration) -> float | None:
        """Expected fidelity of the work's worst circuit under a calibration; drift is measured by it."""

    def cancel_job(self, job_id: str) -> None:
        """Asks the service to stop a job; does nothing when it is final."""

    def usd(self, qpu_s: float) -> float:
        """What that many seconds cost."""

    def evidence(self, job_id: str) -> Mapping[str, Blob]:
        """What else the service keeps of a job (metrics, logs); best effort, empty where not to be had."""

    def facts_of(self, job: RemoteJob) -> Mapping[str, Any]:
        """What the record says of where it ran: service, instance, program, versions; never a secret."""
