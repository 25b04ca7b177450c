"""What the domain expects of the tracking: a view that people browse."""

from collections.abc import Sequence
from typing import Protocol

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.decision import Decision


class Tracker(Protocol):
    """The view that people browse. Its failure never fails the case; it says so once and goes on."""

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None) -> str | None:
        """Opens (or on resume re-opens) the parent run; returns its id, None when tracking failed."""

    def run_id(self, case_id: str, timeout_s: float) -> str | None:
        """Waits until the case's parent run is open; returns its id, None when there is none by then."""

    def drain(self, timeout_s: float) -> bool | None:
        """Waits until everything so far is logged; False when the time is up first."""

    def decided(self, case_id: str, decision: Decision) -> None: ...

    def attempt_finished(
        self, case_id: str, attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]
    ) -> None:
        """Logs a child run: parameters, metrics, seeds, raw results, circuits, calibration, models."""

    def case_closed(
        self, case_id: str, status: CaseStatus, outcome: Outcome | None, report: bytes | None
    ) -> None:
        """Ends the parent run with the status that fits: FINISHED, FAILED or KILLED."""

    def sweep(self) -> None:
        """Logs what happened while nobody logged: bills that came late, cases whose process is gone."""

    def close(self) -> None: ...
