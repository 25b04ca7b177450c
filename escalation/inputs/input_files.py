"""The files that an instance names: their digests as they were read; their bytes where no folder has them."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from unicodedata import normalize

from escalation.inputs import user_files
from escalation.inputs.places import NOWHERE, Places
from escalation.model.case import CaseInfo
from escalation.model.identity import digest_bytes


class KeptFiles(Protocol):
    """Files that the store has, of a case that was opened before, here or on another machine."""

    @property
    def only(self) -> bool:
        """Whether they are taken even where the folder has such a file; if not, the folder comes first."""

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 by the name under which the instance names them."""

    def get(self, digest: str) -> bytes:
        """The bytes."""


@dataclass(frozen=True)
class RecordedFiles:
    """The files of a record: what a case was opened with is what it goes on with."""

    digests: Mapping[str, str]
    bytes_of: Callable[[str], bytes]
    only: bool = True

    def get(self, digest: str) -> bytes:
        return self.bytes_of(digest)


def by_every_name(info: CaseInfo) -> dict[str, str]:
    """The files of a record by the names that it has of them, and by their whole paths where it was begun."""
    folder = Path(str(info.environment.get("folder", "")))
    return {str(folder / name): digest for name, digest in info.files.items()} | info.files


class InputFiles:
    """What is read while an instance is loaded.

    Attributes:
        digests: SHA-256 of each file that was read, by its name, relative to the folder where it is in it.
    """

    def __init__(self, folder: Path, kept: KeptFiles | None = None, places: Places = NOWHERE) -> None:
        """Reads nothing yet.

        Args:
            folder: where relative names start.
            kept: of the case that is taken up again.
            places: where else files may be.
        """
        self.digests: dict[str, str] = {}
        self._folder, self._kept, self._places = folder, kept, places
        self._new: dict[str, bytes] = {}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Every file that `user_files` reads in the block is one of these, and every name that it lists."""
        with user_files.read_through(self._read, self._list):
            yield

    def keep(self, put: Callable[[bytes], str]) -> None:
        """Has the store keep what it may not have yet; the bytes are let go then."""
        while self._new:
            name, data = next(iter(self._new.items()))
            put(data)
            self._new.pop(name, None)

    def _read(self, path: Path, from_disk: Callable[[Path], bytes]) -> bytes:
        name = self._name(path)
        kept = self._kept
        if kept and (kept.only or not os.path.lexists(path)):
            digest = kept.digests.get(name) or kept.digests.get(str(path))
            if digest:
                self.digests[name] = digest
                return kept.get(digest)
        data = self._new[name] = self._places.read(name, path, from_disk)
        self.digests[name] = digest_bytes(data)
        return data

    def _list(self, folder: Path, from_disk: Callable[[Path], tuple[str, ...]]) -> tuple[str, ...]:
        """Of a case that is taken up, what it read there: more is not kept."""
        kept = self._kept
        if kept and (kept.only or not os.path.lexists(folder)):
            own = self._name(folder)
            below = (f"{folder}/", "" if own == "." else f"{own}/")
            under = ((name, each) for name in kept.digests for each in below if name.startswith(each))
            names = {name.removeprefix(each) for name, each in under}
            if names := {name for name in names if not os.path.isabs(name)}:
                return tuple(sorted(names))
        return from_disk(folder)

    def _name(self, path: Path) -> str:
        """The name however its accents are spelt, which differs between file systems."""
        inside = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path
        return normalize("NFC", str(inside))
