"""Verifies an export with the file that every export carries, taken from this installation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput
from records.export import verify as verifier
from records.signing.keys import VerifyingKey


@dataclass(frozen=True)
class Verified:
    """What a verification came to.

    Attributes:
        findings: a line on each thing that does not fit.
        key_id: of the key with which the signature was checked.
        own: whether that key came with the export itself.
    """

    findings: tuple[str, ...]
    key_id: str
    own: bool


def verify_export(path: Path, key: VerifyingKey | None = None) -> Verified:
    """Verifies an export.

    Args:
        path: a folder, or a ZIP file, each byte of which must be as `tierwise export` writes it.
        key: whose signature is trusted; None: the one in the export, which proves nothing about who it is.

    Raises:
        BadInput: when there is no export.
    """
    check: Callable[[str, bytes | None], tuple[list[str], bytes]] = verifier.verified
    try:
        found, raw = check(str(path), None if key is None else key.raw)
    except OSError as error:
        raise BadInput(f"{shown(path)}: expected an export: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{shown(path)}: {error}") from None
    return Verified(tuple(found), sha256(verifier.DER + raw).hexdigest(), key is None)


def findings(files: Mapping[str, bytes], key: VerifyingKey) -> Iterator[str]:
    """Yields what does not fit in the files of an export."""
    check: Callable[[Mapping[str, bytes], bytes], Iterator[str]] = verifier.verify
    yield from check(files, key.raw)
