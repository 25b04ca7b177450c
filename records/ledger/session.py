"""What the parts of the ledger share: its database, its store of bytes, the leases that it holds."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakSet

from sqlalchemy import Connection

from escalation.model.errors import CorruptRecord
from escalation.ports.store import Store
from records.ledger import leases, lineage
from records.ledger.database import Database
from records.ledger.shared_clock import SharedClock, database_time_s

if TYPE_CHECKING:
    from records.ledger.signed_heads import HeadSigner

_OPEN: "WeakSet[LedgerSession]" = WeakSet()
"""The ledgers of this process: who asks them knows whether a lease in its name is still anybody's."""


class LedgerSession:
    """An open ledger: transactions under the leases of the cases that it runs.

    The object that opened a case, or took it over, holds its lease, and it alone writes to the case:
    `_writing`. Who never held the lease may write what `_sharing` is for, and who lost it may not.
    """

    def __init__(
        self, url: str, store: Store, lease_s: float = 30.0, signer: "HeadSigner | None" = None
    ) -> None:
        """Opens the ledger, and creates it where there is none.

        Args:
            url: of SQLAlchemy.
            store: keeps the bytes.
            lease_s: seconds after which a silent process on another host counts as gone.
            signer: signs heads of the ledger's chains; None where the site has no key.

        Raises:
            BadInput: when the database cannot be used.
        """
        self.store = store
        self._lease_s = lease_s
        self._signer = signer
        self._database = Database(url, signer)
        self._tokens: dict[str, int] = {}
        self._lock = Lock()
        self._clock = SharedClock(self._database_time_s)
        _OPEN.add(self)

    def close(self) -> None:
        """Gives back the leases still held (their cases then read INTERRUPTED) and disconnects."""
        with self._lock:
            if self._tokens:
                with self._database.writing() as connection:
                    for case_id, token in self._tokens.items():
                        leases.give_back(connection, case_id, token)
                self._tokens.clear()
        self._database.close()

    def now_s(self) -> float:
        """Seconds since the epoch, by the clock that all who use this ledger share."""
        return time.time() if self._database.of_one_machine else self._clock.now_s()

    def lacking(self) -> str:
        """What was signed last from this home and is not in the ledger, so older; "" where all is there."""
        if self._signer is None:
            return ""
        with self._database.reading() as connection:
            name = lineage.name(connection)
        kept = self._signer.kept(name)  # before what it is compared with is read: others go on writing
        with self._database.reading() as connection:
            return self._signer.lacking(connection, kept)

    def _check_not_older(self) -> None:
        """Refuses to spend on a ledger that lost what was signed from this home.

        Raises:
            CorruptRecord: with what is missing.
        """
        lacking = self.lacking()
        if lacking:
            raise CorruptRecord(
                f"{lacking}; nothing is spent on it: put the newest one back, or a back-up with "
                "`tierwise restore`, which signs that it was put back"
            )

    def _database_time_s(self) -> float:
        with self._database.reading() as connection:
            return database_time_s(connection)

    def _nobody_here_holds(self, case_id: str) -> bool:
        return not any(
            case_id in each._tokens for each in tuple(_OPEN) if each._database.url == self._database.url
        )

    @contextmanager
    def _writing(self, case_id: str) -> Iterator[Connection]:
        with self._database.writing(case_id) as connection:
            leases.renew(connection, case_id, self._tokens.get(case_id))
            yield connection

    @contextmanager
    def _sharing(self, case_id: str) -> Iterator[Connection]:
        with self._database.writing(case_id) as connection:
            leases.check_not_stale(connection, case_id, self._tokens.get(case_id))
            yield connection

    def _keep(self, blobs: Iterable[bytes]) -> None:
        for data in blobs:
            self.store.put(data)
