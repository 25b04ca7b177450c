"""What the domain expects of a ledger about money: who allowed it, what is set aside, what is spent."""

from collections.abc import Sequence
from typing import Protocol

from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.submission import Approval, ApprovalState, Authorisation, Limit, Period


class BudgetLedger(Protocol):
    """Limits, what was set aside and spent under them, and the persons asked about it."""

    def spent(self, case_id: str) -> Amounts:
        """What the case has used so far (not what is reserved)."""

    def spent_for(self, key: WorkKey) -> Amounts:
        """What was billed for one piece of work; nothing where nothing was, or not yet."""

    def reserved_for(self, key: WorkKey) -> Amounts:
        """What is set aside for one piece of work; nothing once it is billed or released."""

    def set_limit(self, limit: Limit) -> None:
        """Sets what a project may spend in a period; replaces the limit there was."""

    def limits(self) -> Sequence[Limit]: ...

    def spending(
        self, project: str, period: Period, now: float, *, practice: bool = False
    ) -> tuple[Amounts, Amounts]:
        """What a project (`*`: all) has reserved and spent in the period that `now` lies in.

        Practice money, which nobody is charged, is left out, or told alone.
        """

    def approvals(
        self, case_id: str | None = None, state: ApprovalState | None = None
    ) -> Sequence[Approval]: ...

    def consult(self, question: Approval, now: float) -> Authorisation:
        """Uses an approval of work that is not paid for up, or asks, or refuses; idempotent."""

    def answer(
        self, approval_id: str, *, granted: bool, by: str, reason: str, now: float, known_as: str = ""
    ) -> Approval:
        """A person's word: `by` is what they call themselves, `known_as` what the system knows of them.

        Raises:
            BadInput: when there is no such question, it was answered, or is too old.
        """
