"""A share of the cases in MLflow: nobody looks through a view of a million."""

from collections.abc import Sequence

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.decision import Decision
from escalation.ports.tracker import Tracker, sampled


class SampledTracker:
    """Passes on what happens in the cases of the sample; where it holds none, MLflow is never imported."""

    def __init__(self, inner: Tracker, share: float) -> None:
        """Takes the tracker of the sample, and what share of all cases that is, from 0 to 1."""
        self.inner, self.share = inner, share

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None = None) -> None:
        if sampled(record.info.case_id, self.share):
            self.inner.case_opened(record, instance_blob)

    def decided(self, case_id: str, decision: Decision) -> None:
        if sampled(case_id, self.share):
            self.inner.decided(case_id, decision)

    def attempt_finished(
        self, case_id: str, attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]
    ) -> None:
        if sampled(case_id, self.share):
            self.inner.attempt_finished(case_id, attempt, candidate, done)

    def case_closed(
        self, case_id: str, status: CaseStatus, outcome: Outcome | None, report: bytes | None
    ) -> None:
        if sampled(case_id, self.share):
            self.inner.case_closed(case_id, status, outcome, report)

    def sweep(self) -> None:
        if self.share > 0:
            self.inner.sweep()

    def close(self) -> None:
        self.inner.close()
