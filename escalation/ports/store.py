"""What the domain expects of the store: bytes by their digest."""

from typing import Protocol


class Store(Protocol):
    """Bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keeps the bytes, durably and atomically; returns their digest."""

    def get(self, digest: str) -> bytes:
        """Returns the bytes.

        Raises:
            CorruptRecord: when they are missing or do not match.
        """

    def has(self, digest: str) -> bool: ...
