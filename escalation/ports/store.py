"""What the domain expects of the store: bytes by their digest."""

from collections.abc import Iterator
from typing import Protocol


class Store(Protocol):
    """Bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keeps the bytes, durably and atomically, and mends a damaged copy; returns their digest.

        Raises:
            OSError: when the disk does not take them.
            MachineFault: when the store cannot be reached.
        """

    def get(self, digest: str) -> bytes:
        """Returns the bytes, compared with their digest on every read.

        Raises:
            CorruptRecord: when they are missing or do not match.
            MachineFault: when the store cannot be reached.
        """

    def has(self, digest: str) -> bool:
        """Tells whether there is something of that name; only `get` reads it."""


class AuditedStore(Store, Protocol):
    """A store all of whose bytes can be looked at.

    Attributes:
        audited_bytes: how many one audit reads at most; of more, it takes a sample.
    """

    audited_bytes: int

    @property
    def where(self) -> str:
        """Where the bytes are, for people; holds no secret."""

    def owner(self) -> str | None:
        """The name of the ledger whose bytes these are; None where none was noted."""

    def own(self, ledger: str, instead_of: str | None = None) -> None:
        """Notes that name, once: where there is one, that stays, but for the one it is noted instead of."""

    def digests(self) -> Iterator[str]:
        """The names of all that is kept; only a read says whether one holds what its name says."""

    def audit(self, digest: str) -> int:
        """Reads the bytes where they are kept for good, past every cache; returns how many they are.

        Raises:
            CorruptRecord: when they are missing or do not match.
        """
