"""What the domain expects of the store: bytes by their digest."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

WhyGone = Callable[[str], str]
"""Says of a digest when and why its bytes were given up; empty where nobody gave them up."""


class StoredBytes(NamedTuple):
    """Bytes that are kept: how many, and when they were last put; seconds since the epoch, by the store."""

    size: int
    put_s: float


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
        why_gone: is asked about bytes that are not there; by default nobody gave any up.
    """

    audited_bytes: int
    why_gone: WhyGone

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

    def stored(self, digest: str) -> StoredBytes | None:
        """What is kept under that name, unread; None where nothing is."""

    def remove(self, digest: str, put_before_s: float) -> bool:
        """Takes the bytes away, unless they were put since that time; whether they are gone.

        Who puts bytes that are there already says by that that he is about to name them.
        """

    def note_user(self, ledger: str) -> None:
        """Notes that a ledger of that name uses the store, where it is not noted."""

    def users(self) -> frozenset[str]:
        """The names of all ledgers that are known to use the store; its owner is one of them."""
