"""What the steps of one hand-off share, and what each of them returns."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from escalation.calibration import Calibration
from escalation.handoff.model import Approval, Handoff
from escalation.handoff.service import PaidBackend
from escalation.policy import HandoffRules
from escalation.problem import Budget
from escalation.quote import Quote
from escalation.recording import Ledger, Store
from escalation.settings import Settings
from escalation.work import JobState, RawResult, Work


@dataclass
class Handing:
    """What the steps of one hand-off share.

    Attributes:
        question: makes the question to a person from the frozen hand-off; it, or what it makes, is None where
            none is asked.
        limit: what the case may spend.
        quote: what the attempt may use; None when it was checked before.
        since: when this process began; what it cannot learn within `settings.doubt_s` from then is parked.
        unreadable: times that the result could not be read.
        unknown_since: when the service first did not know the job; None while it does.
        drift_due: when the calibration is looked at next.
        kept: the calibration kept last, with its digest.
        read: digest of the raw text that was kept, and what it says, so that it is decoded once.
        tell_due: when the service is told, or told again, to stop a job that nobody wants.
        trouble: what kept the last step from being taken; empty where nothing did.
    """

    ledger: Ledger
    store: Store
    backend: PaidBackend
    work: Work
    rules: HandoffRules
    settings: Settings
    clock: Callable[[], float]
    stop: threading.Event
    limit: Budget
    since: float
    question: Callable[[Handoff], Approval | None] | None = None
    quote: Quote | None = None
    unreadable: int = 0
    unknown_since: float | None = None
    drift_due: float = 0.0
    tell_due: float = 0.0
    trouble: str = ""
    kept: tuple[Calibration, str] | None = None
    read: tuple[str, RawResult] | None = None


@dataclass(frozen=True)
class Step:
    """Where a step led.

    Attributes:
        row: the hand-off after it.
        nap_s: above zero: nothing more can be done before so many seconds are over.
        state: of the job, where it was asked after.
    """

    row: Handoff
    nap_s: float = 0.0
    state: JobState | None = None
