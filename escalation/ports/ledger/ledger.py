"""The whole ledger, as the driver of a case needs it; a function that needs less takes one of its parts."""

from typing import Protocol

from escalation.ports.ledger.budgets import BudgetLedger
from escalation.ports.ledger.cases import CaseLedger
from escalation.ports.ledger.events import EventLog
from escalation.ports.ledger.submissions import SubmissionLedger
from escalation.ports.ledger.work import WorkLedger


class Ledger(CaseLedger, WorkLedger, SubmissionLedger, BudgetLedger, EventLog, Protocol):
    """The truth about cases, work, submissions and budgets; safe from many processes.

    Every write also appends to a hash-chained event table, in the same transaction.
    """

    def now_s(self) -> float:
        """Seconds since the epoch, by the clock that all who use this ledger share."""

    def close(self) -> None: ...
