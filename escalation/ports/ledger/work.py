"""What the domain expects of a ledger about work: that it is wanted, tried, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from escalation.model.amounts import Amounts
from escalation.model.attempt import Done
from escalation.model.case import WorkKey
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work


class WorkLedger(Protocol):
    """Work by its key, from the intent to the result."""

    def intend(self, key: WorkKey, work: Work, backend: str) -> None:
        """Writes down, before it is sent, that this work is wanted; its inputs go to the store.

        Idempotent for the same digest. Work of which nothing was ever sent gives way to other work that
        asks for no more.

        Raises:
            CaseConflict: when the key was used for other work.
        """

    def find_work(self, key: WorkKey) -> Work:
        """Returns work that was written down, its inputs read from the store; raises `BadInput` on none."""

    def submitted(self, key: WorkKey, handle: Mapping[str, Any]) -> None: ...

    def find_handle(self, key: WorkKey) -> Mapping[str, Any] | None:
        """Returns the handle of work that was submitted and is not settled."""

    def refuse(self, key: WorkKey, why: str) -> None:
        """Notes that the machine did not take the work, and that nothing was sent: it is wanted again."""

    def lose(self, key: WorkKey, lost: Lost) -> None:
        """Notes that a try came to nothing, and what it used: the work is wanted again."""

    def lost(self, key: WorkKey) -> Sequence[Lost]:
        """Returns the tries that came to nothing, in order."""

    def used(self, case_id: str, attempt: int) -> Amounts:
        """What an attempt has used so far: settled work, and lost tries of work that is not settled."""

    def settle(self, key: WorkKey, result: RawResult) -> None:
        """Records the final result of the work, its bytes put into the store first."""

    def find_result(self, key: WorkKey, work: Work) -> RawResult | None:
        """Returns the result already had for this key; None where there is none yet.

        Raises:
            CaseConflict: when the result, or what was sent, is of other work.
        """

    def works(self, case_id: str, attempt: int) -> Sequence[Done]:
        """The attempt's settled work and its results, in order."""
