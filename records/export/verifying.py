"""Verifies an export with the file that every export carries, taken from this installation."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from escalation.inputs.user_files import shown
from records.export import verify as verifier
from records.export.bag import PUBLIC_KEY
from records.export.opening import read_export
from records.export.writing import packed
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
    files = read_export(path)
    own = key is None
    if key is None:
        key = VerifyingKey.of_pem(files.get(PUBLIC_KEY, b""), f"{shown(path)}: {PUBLIC_KEY}")
    found = [*_strange(path, files), *findings(files, key)]
    return Verified(tuple(found), key.key_id, own)


def findings(files: Mapping[str, bytes], key: VerifyingKey) -> Iterator[str]:
    """Yields what does not fit in the files of an export."""
    check: Callable[[Mapping[str, bytes], bytes], Iterator[str]] = verifier.verify
    yield from check(files, key.raw)


def _strange(path: Path, files: dict[str, bytes]) -> list[str]:
    """What is in the folder or the file beside the files."""
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            top = archive.namelist()[0].partition("/")[0]
        same = packed(files, top) == path.read_bytes()
        return [] if same else [f"{shown(path)}: the ZIP file has other bytes than its files make"]
    strange = [each for each in path.rglob("*") if each.is_symlink() or not (each.is_file() or _full(each))]
    return [f"{shown(each)}: expected a file" for each in strange]


def _full(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())
