"""A backend that is played from a script, as no hardware is to be had, and the work it is given."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress


class Played:
    """A backend that answers from a script and counts what it is asked."""

    name = "played"

    def __init__(
        self, kind: DeviceKind, estimate: Quote | None = None, *results: RawResult | Exception
    ) -> None:
        self.kind, self._estimate = kind, estimate or Quote()
        self.results = list(results)
        self.submitted: list[Work] = []
        self.cancelled = 0

    def estimate(self, work: Work) -> Quote:
        return self._estimate

    def calibration(self) -> Calibration | None:
        return None

    def available(self) -> bool:
        return True

    def queue_s(self) -> float:
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        self.submitted.append(work)
        return {"job": len(self.submitted)}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        if self.results and isinstance(self.results[0], Exception):
            raise self.results.pop(0)  # type: ignore[misc]
        return Progress(JobState.DONE)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        found = self.results.pop(0)
        assert isinstance(found, RawResult)
        return found

    def cancel(self, handle: Mapping[str, Any]) -> None:
        self.cancelled += 1

    def close(self) -> None: ...


GOOD = RawResult(
    JobState.DONE, {"position": 5, "number": 9.0}, usage=Amounts(wall_s=1.0, cpu_s=1.0, qpu_s=2.0, usd=3.0)
)
STOPPED = RawResult(JobState.CANCELLED, error="stopped")
WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})
FAULT = RawResult(JobState.FAULT, error="a rank was killed", usage=Amounts(wall_s=5.0, cpu_s=7.0))
