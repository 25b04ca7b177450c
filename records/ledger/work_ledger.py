"""The ledger of work: `escalation.ports.ledger.work` in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.attempt import Done
from escalation.model.case import WorkKey
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work
from records.ledger import intents
from records.ledger.codec import result_blobs
from records.ledger.session import LedgerSession


class SqlWork(LedgerSession):
    """Work by its key, from the intent to the result."""

    def intend(self, key: WorkKey, work: Work, backend: str) -> None:
        """Writes down that the work is wanted; raises `CaseConflict` when the key names other work."""
        self._keep(work.blobs())
        with self._writing(key.case_id) as connection:
            intents.want(connection, key, work, backend)

    def find_work(self, key: WorkKey) -> Work:
        """Returns work that was written down, its inputs read from the store; raises `BadInput` on none."""
        with self._database.reading() as connection:
            return intents.find_work(connection, self.store, key)

    def submitted(self, key: WorkKey, handle: Mapping[str, Any]) -> None:
        """Keeps the handle of work that was sent; raises `CaseConflict` when it is settled or unknown."""
        with self._writing(key.case_id) as connection:
            intents.submit(connection, key, handle)

    def find_handle(self, key: WorkKey) -> Mapping[str, Any] | None:
        """Returns the handle of work that was submitted and is not settled."""
        with self._database.reading() as connection:
            return intents.find_handle(connection, key)

    def refuse(self, key: WorkKey, why: str) -> None:
        """Notes that nothing of the work was sent; raises `CaseConflict` when it is settled or unknown."""
        with self._writing(key.case_id) as connection:
            intents.refuse(connection, key, why)

    def lose(self, key: WorkKey, lost: Lost) -> None:
        """Notes that a try came to nothing; raises `CaseConflict` when the work is settled or unknown."""
        with self._writing(key.case_id) as connection:
            intents.lose(connection, key, lost)

    def lost(self, key: WorkKey) -> Sequence[Lost]:
        """Returns the tries that came to nothing, in order."""
        with self._database.reading() as connection:
            return intents.find_lost(connection, key)

    def used(self, case_id: str, attempt: int) -> Amounts:
        """What an attempt has used so far: settled work, and lost tries of work that is not settled."""
        with self._database.reading() as connection:
            return intents.used(connection, case_id, attempt)

    def settle(self, key: WorkKey, result: RawResult) -> None:
        """Keeps the final result; raises `CaseConflict` when there is another."""
        self._keep(result_blobs(result))
        with self._writing(key.case_id) as connection:
            intents.settle(connection, key, result)

    def find_result(self, key: WorkKey, work: Work) -> RawResult | None:
        """Returns the result already had; raises `CaseConflict` when the key names other work."""
        with self._database.reading() as connection:
            return intents.find_result(connection, self.store, key, work)

    def works(self, case_id: str, attempt: int) -> Sequence[Done]:
        """Returns the attempt's settled work and its results in order, rebuilt from ledger and store."""
        with self._database.reading() as connection:
            return intents.all_done(connection, self.store, case_id, attempt)
