"""What the domain expects of the tracking: a view that people browse."""

from collections.abc import Sequence
from typing import Protocol

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.decision import Decision
from escalation.model.identity import digest_bytes


def sampled(case_id: str, share: float) -> bool:
    """Whether a case is among the share that is tracked: the same answer everywhere, for ever."""
    return int(digest_bytes(case_id.encode())[:8], 16) < share * 2**32


class Tracker(Protocol):
    """The view that people browse, written behind the case's back: no call of these waits for it.

    Its failure never fails or delays a case; it says so once and goes on. The ledger learns the id of a
    case's run by `link_run`, when there is one.
    """

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None = None) -> None:
        """Opens (or on resume re-opens) the parent run."""

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

    def close(self) -> None:
        """Waits until everything so far is logged, as long as any of it is still being logged."""
