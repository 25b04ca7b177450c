"""What the parts of the ledger share: its database, its store of bytes, the leases that it holds."""

import time
from collections.abc import Iterable, Iterator, Sequence
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
    from records.ledger.head_signer import HeadSigner
    from records.ledger.home_heads import Kept
    from records.signing.keys import VerifyingKey

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
            signer: signs heads of the ledger's chains, and compares with those signed before; None: neither.

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
        """What was signed last from this home and the ledger has not, or why that cannot be told; "" if none.

        An older ledger is found by it, and one whose signed heads nobody here can check.
        """
        return "" if self._signer is None else self._compared(self._signer)[0]

    def _compared(self, signer: "HeadSigner", also: "Sequence[VerifyingKey]" = ()) -> "tuple[str, Kept]":
        kept = signer.home.read(self._name)  # before what it is compared with is read: others go on writing
        with self._database.reading() as connection:
            return signer.lacking(connection, kept, also), kept

    def _check_not_older(self) -> None:
        """Refuses to spend on a ledger that lost what was signed, as far as home and MLflow show it.

        Raises:
            CorruptRecord: with what is missing, or cannot be checked.
        """
        if self._signer is None:
            return
        from records.ledger.head_signer import remedy

        lacking, kept = self._compared(self._signer)
        if not lacking:
            found = self._signer.elsewhere(self._name, self._signer.since_s(kept))
            if found is not None:
                with self._database.reading() as connection:
                    lacking = self._signer.astray(connection, kept, found)
                if not lacking:
                    self._signer.note_looked(self._name)
        if lacking:
            raise CorruptRecord(f"{lacking}; nothing is spent on it: {remedy(lacking)}")

    @property
    def _name(self) -> str:
        with self._database.reading() as connection:
            return lineage.name(connection)

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
