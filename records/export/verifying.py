"""Verifies an export with the file that every export carries, taken from this installation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from records.export import verify as verifier
from records.export.archive import read_files
from records.export.bag import PAYLOAD, PUBLIC_KEY
from records.export.following import disagreeing, unlike, written_elsewhere
from records.export.payload import ExportPayload
from records.export.pruned import in_words
from records.signing.keys import VerifyingKey

OTHER_WORDS = (
    "README.md, ro-crate-metadata.json, mlflow.json and rungs.json are said to be written by another version "
    "of Tierwise: whether they say what the records say, and policy.json what policy.yaml says, that one can "
    "check"
)
NOT_KNOWN = (
    "signature: says that a version of Tierwise wrote it that is not this one, nor known to it; verify it "
    "with that one, or leave what that one put into words unchecked with --other-version"
)


@dataclass(frozen=True)
class Verified:
    """What a verification came to.

    Attributes:
        findings: a line on each thing that does not fit.
        key_id: of the key with which the signature was checked.
        own: whether that key came with the export itself.
        files: of the export, by path.
        unchecked: a line on each thing that could not be looked at.
    """

    findings: tuple[str, ...]
    key_id: str
    own: bool
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unchecked: tuple[str, ...] = ()


def verify_export(path: Path, key: VerifyingKey | None = None, *, other_version: bool = False) -> Verified:
    """Verifies an export: with the file that every export carries, and whether what follows from it does.

    Args:
        path: a folder, or a ZIP file, each byte of which must be as `tierwise export` writes it.
        key: whose signature is trusted; None: the one in the export, which proves nothing about who it is.
        other_version: whether it may say that another version of Tierwise put it into words, which is then
            not compared: who signs can say that of any export.

    Raises:
        BadInput: when there is no export.
    """
    files, strange = read_files(path)
    read_key: Callable[[bytes], bytes] = verifier.raw
    there = read_key(files.get(PUBLIC_KEY, b""))
    raw = there if key is None else key.raw
    found = [*strange, *(_findings(files, raw) if files else ()), *_another(there, raw)]
    left: Callable[[Mapping[str, bytes]], list[str]] = verifier.unseen
    elsewhere = not found and written_elsewhere(files)
    if elsewhere and not other_version:
        found.append(NOT_KNOWN)
    unchecked = [*left(files), *_pruned(files), *([OTHER_WORDS] if elsewhere else [])]
    return Verified(tuple(dict.fromkeys(found)), _key_id(raw), key is None, files, tuple(unchecked))


def findings(files: Mapping[str, bytes], key: VerifyingKey) -> Iterator[str]:
    """Yields what does not fit in the files of an export."""
    yield from _findings(files, key.raw)


def _findings(files: Mapping[str, bytes], raw: bytes) -> Iterator[str]:
    """What the file of the export finds; where that is nothing, what does not follow from the rest."""
    check: Callable[[Mapping[str, bytes], bytes], Iterator[str]] = verifier.verify
    sound = True
    for line in check(files, raw):
        sound = False
        yield line
    if not sound:
        return
    yield from disagreeing(files)
    if not written_elsewhere(
        files
    ):  # whoever signs says so himself: it may excuse other words, no other facts
        yield from unlike(files, _key_id(raw))


def _pruned(files: Mapping[str, bytes]) -> list[str]:
    """What the site had given up; what cannot be read, the checks tell."""
    inside = {name.removeprefix(f"{PAYLOAD}/"): data for name, data in files.items()}
    try:
        lines = [*in_words(ExportPayload(inside))]
    except (ValueError, LookupError, TypeError):
        return []
    return [f"{line}: what was in them cannot be looked at any more" for line in lines]


def _another(there: bytes, trusted: bytes) -> list[str]:
    """What is said of an export that has another key than the one that is trusted."""
    if there in (b"", trusted):
        return []
    return [f"signature: the export has key {_key_id(there)}; where that is another site's, give its --key"]


def _key_id(raw: bytes) -> str:
    return sha256(verifier.DER + raw).hexdigest()
