"""Jobs that nobody looks after: something may be charged, and no process has asked about it for long."""

from typing import Protocol

from escalation.model.clock import Instant
from escalation.model.frozen import Frozen
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState
from escalation.ports.ledger.cases import CaseLedger
from escalation.ports.ledger.submissions import SubmissionLedger
from escalation.submission import marks

LONG_S = 1800.0
"""Six times what lies between two runs of the `reconcile` deployment."""
UNBILLED_S = 86400.0
"""Seconds after which a bill that is still not final is a person's."""


_CHARGED = frozenset(state for state in SubmissionState if state.may_be_charged and not state.final)


class Unattended(Frozen):
    """A submission that nobody looks after.

    Attributes:
        row: where it stands.
        for_s: seconds since somebody looked.
    """

    row: Submission
    for_s: float

    @property
    def line(self) -> str:
        """What to do, in a line."""
        minutes = f"{self.row.key} is {self.row.state}, and nobody has looked for {self.for_s / 60:.0f} min"
        if self.row.state is SubmissionState.PARKED:
            return f"{minutes}: it waits for a person, see `tierwise jobs`"
        if self.row.state is SubmissionState.SETTLED and self.for_s > UNBILLED_S:
            hours = f"{self.row.key} has its result, and no bill for {self.for_s / 3600:.0f} h"
            return f"{hours}: read the service's own bill, and say what it has with `tierwise jobs bill`"
        return f"{minutes}: run `tierwise reconcile`, or its deployment"


class UnattendedLedger(CaseLedger, SubmissionLedger, Protocol):
    """What tells who looks after a submission: its row, and the lease of its case."""


def unattended(ledger: UnattendedLedger, now: float, after_s: float = LONG_S) -> tuple[Unattended, ...]:
    """Returns what may be charged and was looked at by nobody for longer than that, longest first.

    Whoever drives a case or reconciles it holds its lease and renews that; a parked submission is a person's,
    and counts from its parking, and so is one that has no bill after a day.

    Args:
        ledger: to look in; nothing is written.
        now: seconds since the epoch.
        after_s: seconds.
    """
    open_rows = ledger.submissions(states=_CHARGED)
    waiting = [Unattended(row=row, for_s=_idle_s(ledger, row, now)) for row in open_rows]
    late = [entry for entry in waiting if entry.for_s > after_s]
    return tuple(sorted(late, key=lambda entry: -entry.for_s))


def _idle_s(ledger: CaseLedger, row: Submission, now: float) -> float:
    since_s = marks.age_s(row.entered, Instant.now())
    since_s = max(0.0, now - row.since if since_s is None else since_s)
    a_persons = row.state is SubmissionState.PARKED or (
        row.state is SubmissionState.SETTLED and since_s > UNBILLED_S
    )
    looked_s = None if a_persons else ledger.idle_s(row.case_id)
    return since_s if looked_s is None else min(since_s, looked_s)
