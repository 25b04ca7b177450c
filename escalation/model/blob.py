"""Bytes with their identity."""

from dataclasses import dataclass, field

from escalation.model.identity import digest_bytes


@dataclass(frozen=True)
class Blob:
    """Bytes and their SHA-256. Records hold the digest, the store holds the bytes."""

    data: bytes = field(repr=False)
    digest: str = ""

    def __post_init__(self) -> None:
        actual = digest_bytes(self.data)
        if self.digest not in ("", actual):
            raise ValueError(f"expected bytes with SHA-256 {self.digest}, got {actual}")
        object.__setattr__(self, "digest", actual)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)
