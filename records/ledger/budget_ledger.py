"""The ledger of money: `escalation.ports.ledger.budgets` in SQL."""

from collections.abc import Sequence

from escalation.inputs.site import EVERYBODY
from escalation.model.amounts import Amounts, Caps
from escalation.model.case import WorkKey
from escalation.model.submission import Approval, ApprovalState, Authorisation, Limit, Period
from records.ledger import approvals, budgets, limits, paying
from records.ledger.chains import MONEY
from records.ledger.session import LedgerSession


class SqlBudgets(LedgerSession):
    """Limits, what was set aside and spent under them, and the persons asked about it."""

    def reserve(self, key: WorkKey, amount: Amounts, limit: Caps) -> bool:
        """Sets the amount aside; False when the case's spent + reserved + amount would pass the limit."""
        with self._sharing(key.case_id) as connection:
            return budgets.reserve(connection, key, amount, limit)

    def spend(self, key: WorkKey, amount: Amounts) -> None:
        """Replaces the key's reservation by what was really used; zero releases it."""
        with self._sharing(key.case_id) as connection:
            budgets.spend(connection, key, amount)

    def spent(self, case_id: str) -> Amounts:
        """What the case has used so far, as told to `spend`."""
        with self._database.reading() as connection:
            return budgets.spent(connection, case_id)

    def spent_for(self, key: WorkKey) -> Amounts:
        """What was billed for one piece of work; nothing where nothing was, or not yet."""
        with self._database.reading() as connection:
            return budgets.spent_for(connection, key)

    def reserved_for(self, key: WorkKey) -> Amounts:
        """What is set aside for one piece of work; nothing once it is billed or released."""
        with self._database.reading() as connection:
            return budgets.reserved_for(connection, key)

    def set_limit(self, limit: Limit) -> None:
        """Sets what a project may spend in a period; replaces the limit there was."""
        with self._database.writing(MONEY) as connection:
            limits.put(connection, limit)

    def limits(self) -> Sequence[Limit]:
        """All limits, by project and period."""
        with self._database.reading() as connection:
            return limits.list_all(connection)

    def spending(
        self, project: str, period: Period, now: float, *, practice: bool = False
    ) -> tuple[Amounts, Amounts]:
        """What a project (`*`: all) has reserved and spent in the period that `now` lies in.

        Practice money, which nobody is charged, is left out, or told alone.
        """
        with self._database.reading() as connection:
            return limits.spending(connection, project, period, now, practice=practice)

    def spending_between(
        self, since_s: float, until_s: float, *, practice: bool = False
    ) -> tuple[Amounts, Amounts]:
        """The same of what all projects set aside from `since_s` on and before `until_s`."""
        with self._database.reading() as connection:
            return limits.spending_within(connection, EVERYBODY, (since_s, until_s), practice=practice)

    def approvals(self, case_id: str | None = None, state: ApprovalState | None = None) -> Sequence[Approval]:
        """The questions to persons, of one case or of all, in one state or any, as they were asked."""
        with self._database.reading() as connection:
            return approvals.list_all(connection, case_id, state)

    def consult(self, question: Approval, now: float) -> Authorisation:
        """Uses an approval of work that is not paid for up, or asks, or refuses; idempotent."""
        self._check_not_older()
        with self._writing(question.case_id) as connection:
            return paying.consult(connection, question, now)

    def answer(
        self, approval_id: str, *, granted: bool, by: str, reason: str, now: float, known_as: str = ""
    ) -> Approval:
        """A person's word; raises `BadInput` when there is no such question, or no longer."""
        said = {"by": by, "known_as": known_as, "reason": reason}
        with self._database.writing() as connection:
            return approvals.answer(connection, approval_id, granted=granted, said=said, now=now)
