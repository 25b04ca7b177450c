"""What is said of bytes that are not in the store: whether they were given up, or are lost."""

from escalation.model.errors import CorruptRecord, PrunedBytes
from escalation.ports.store import WhyGone


def nobody(digest: str) -> str:
    """Of a store of which nobody gives bytes up."""
    return ""


def missing(said: str, digest: str, why_gone: WhyGone) -> CorruptRecord:
    """The error to raise: the one of lost bytes, in these words, unless they were given up."""
    why = why_gone(digest)
    return PrunedBytes(f"the bytes with SHA-256 {digest} were {why}") if why else CorruptRecord(said)
