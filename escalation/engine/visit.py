"""Report of a reconciliation: for each submission, for each case, for all."""

from pydantic import Field

from escalation.model.frozen import Frozen
from escalation.model.submission import Approval, Submission
from escalation.model.submission_states import SubmissionState as S


class Seen(Frozen):
    """Outcome of one submission."""

    before: S
    row: Submission = Field(description="As it is now.")
    did: tuple[str, ...] = Field((), description="The steps taken, each with where it led.")
    incidents: tuple[str, ...] = Field((), description="New ones.")
    error: str = Field("", description="What kept it from going on.")

    @property
    def parked(self) -> bool:
        """Whether a person has to look at it."""
        return self.row.state is S.PARKED


class CaseVisit(Frozen):
    """What was done for one case."""

    case_id: str
    seen: tuple[Seen, ...] = ()
    busy: str = Field("", description="The living process that runs the case: nothing was touched.")
    error: str = Field("", description="Why nothing could be done.")


class ReconcileReport(Frozen):
    """What `reconcile` found and did."""

    visits: tuple[CaseVisit, ...] = ()
    ready: tuple[str, ...] = Field((), description="Cases that wait for nothing any more.")
    expired: tuple[Approval, ...] = Field((), description="Questions nobody answered in time: they mean no.")

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every submission looked at."""
        return tuple(seen for visit in self.visits for seen in visit.seen)

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong, a line each."""
        cases = [f"{visit.case_id}: {visit.error}" for visit in self.visits if visit.error]
        return (*cases, *(f"{seen.row.key}: {seen.error}" for seen in self.seen if seen.error))
