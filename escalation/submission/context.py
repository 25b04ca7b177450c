"""Context that the steps of one submission share, and the step that each of them returns."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.calibration import Calibration
from escalation.model.clock import Instant
from escalation.model.job_state import JobState
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Marks, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.model.work import Work
from escalation.policy.rules import SubmissionRules
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.paid import PaidBackend
from escalation.ports.store import Store
from escalation.submission import marks


@dataclass
class SubmissionContext:
    """Context that the steps of one submission share.

    Attributes:
        question: makes the question to a person from the frozen submission; it or what it makes is None where
            none is asked.
        limit: what the case may spend.
        quote: what the attempt may use; None when it was checked before.
        since: when this process began; what it cannot learn within `settings.doubt_s` from then is parked.
            None where the process is one of many, and what the ledger has counts alone.
        instant: the clock that durations are taken from, since nobody can set it.
        unreadable: times that the result could not be read.
        drift_due: seconds of that clock at which the calibration is looked at next.
        kept: the calibration kept last, with its digest.
        read: digest of the raw text that was kept, and what it says, so that it is decoded once.
        tell_due: the same for telling the service, again, to stop a job that nobody wants.
        trouble: what kept the last step from being taken; empty where nothing did.
    """

    ledger: Ledger
    store: Store
    backend: PaidBackend
    work: Work
    rules: SubmissionRules
    settings: Settings
    clock: Callable[[], float]
    stop: threading.Event
    limit: Caps
    since: Instant | None = None
    instant: Callable[[], Instant] = Instant.now
    question: Callable[[Submission], Approval | None] | None = None
    quote: Quote | None = None
    unreadable: int = 0
    drift_due: float = 0.0
    tell_due: float = 0.0
    trouble: str = ""
    kept: tuple[Calibration, str] | None = None
    read: tuple[str, RawResult] | None = None

    @property
    def now_s(self) -> float:
        """Seconds of the clock that nobody can set; they mean something in this process."""
        return self.instant().at_s

    def mark(self, seen: Marks = ()) -> Marks:
        """Marks now, where this boot has no mark among those seen."""
        return marks.add(seen, self.instant())

    def age_s(self, seen: Marks) -> float | None:
        """Seconds since a moment; None where this boot did not see it."""
        return marks.age_s(seen, self.instant())


@dataclass(frozen=True)
class Step:
    """Where a step led.

    Attributes:
        row: the submission after it.
        nap_s: above zero: nothing more can be done before so many seconds are over.
        state: of the job, where it was asked after.
    """

    row: Submission
    nap_s: float = 0.0
    state: JobState | None = None


def move(ctx: SubmissionContext, row: Submission, state: S, **changes: Any) -> Submission:
    """Takes a submission to another state, and marks when."""
    return ctx.ledger.move(row, state, ctx.clock(), entered=ctx.mark(), **changes)


def park(ctx: SubmissionContext, row: Submission, why: str) -> Step:
    """Leaves it to a person."""
    return Step(move(ctx, row, S.PARKED, reason=why))


def end(ctx: SubmissionContext, row: Submission, state: S, why: str) -> Step:
    """Ends it, with the reason."""
    return Step(move(ctx, row, state, reason=why))
