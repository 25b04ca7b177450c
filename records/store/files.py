"""The store in a folder: bytes by their SHA-256, in files that are written once."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from escalation.inputs.whole_files import synced, write_whole
from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.identity import digest_bytes
from escalation.ports.store import StoredBytes, WhyGone
from records.store.gone import missing, nobody

DIGEST = re.compile(r"[0-9a-f]{64}")
OWNER = "tierwise-ledger"
"""What names the ledger whose store it is."""
USERS = "tierwise-ledgers"
"""The folder in which each ledger that uses the store has a file of its name."""
_ASIDE = ".pruned-"
"""Before the name of bytes that are on their way out."""


class FileStore:
    """A folder of files named by the SHA-256 of their bytes, in two levels of sub-folders (`ab/cd/abcd…`).

    Safe with several threads and processes: a file appears under its name complete or not at all.
    """

    audited_bytes = 2**32

    def __init__(self, folder: Path) -> None:
        """Makes the folder where it is missing.

        Raises:
            BadInput: when it cannot be made.
        """
        self.folder = Path(folder)
        self.why_gone: WhyGone = nobody
        self._sure: set[Path] = set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot keep the store in {self.folder}: {error.strerror}") from None

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def put(self, data: bytes) -> str:
        """Keeps the bytes, durably and atomically, and mends a damaged copy; returns their digest.

        Raises:
            OSError: when the disk does not take them.
        """
        digest = digest_bytes(data)
        path = self.path(digest)
        if not _holds(path, data) or not _refresh(path):
            for folder in (path.parent.parent, path.parent):
                _ensure(folder, self._sure)
            write_whole(path, data, durable=True, read_only=True)
        return digest

    def get(self, digest: str) -> bytes:
        """Returns the bytes, compared with their digest on every read.

        Raises:
            CorruptRecord: when they are missing or do not match.
        """
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise missing(
                f"expected bytes with SHA-256 {digest} in {path}, got no file", digest, self.why_gone
            ) from None
        actual = digest_bytes(data)
        if actual != digest:
            raise CorruptRecord(f"expected bytes with SHA-256 {digest} in {path}, got {actual}")
        return data

    def has(self, digest: str) -> bool:
        """Tells whether a file of that name exists; only `get` reads it."""
        return self.path(digest).exists()

    def owner(self) -> str | None:
        """The name of the ledger whose bytes these are; None where none was noted."""
        try:
            return (self.folder / OWNER).read_text(errors="replace").strip()
        except FileNotFoundError:
            return None

    def own(self, ledger: str, instead_of: str | None = None) -> None:
        """Notes that name, once: where there is one, that stays, but for the one it is noted instead of."""
        if instead_of is not None and self.owner() == instead_of:
            (self.folder / OWNER).unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix=".writing-") as file:
            file.write(f"{ledger}\n")
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o444)
            with suppress(FileExistsError):
                os.link(file.name, self.folder / OWNER)
        synced(self.folder)

    def digests(self) -> Iterator[str]:
        """The names of all files; only `get` says whether one holds what its name says."""
        for path in self.folder.glob("??/??/*"):
            if DIGEST.fullmatch(path.name):
                yield path.name

    def audit(self, digest: str) -> int:
        """Reads the bytes; returns how many they are."""
        return len(self.get(digest))

    def stored(self, digest: str) -> StoredBytes | None:
        """What is kept under that name, unread, also what was on its way out; None where nothing is."""
        path = self.path(digest)
        for each in (path, _aside(path)):
            with suppress(FileNotFoundError):
                found = each.stat()
                return StoredBytes(found.st_size, found.st_mtime)
        return None

    def remove(self, digest: str, put_before_s: float) -> bool:
        """Takes the file away, unless it was put since that time; whether it is gone.

        It is moved aside first, and looked at again: who puts the same bytes now either finds the file, and
        marks it, so that it comes back, or does not find it, and writes it.
        """
        path, found = self.path(digest), self.stored(digest)
        aside = _aside(path)
        if found is not None and found.put_s >= put_before_s:
            return False
        with suppress(FileNotFoundError):
            path.rename(aside)
        with suppress(FileNotFoundError):  # also one that a process left there which was killed
            if aside.stat().st_mtime >= put_before_s:
                with suppress(FileExistsError):
                    os.link(aside, path)
            aside.unlink()
        return not path.exists()

    def note_user(self, ledger: str) -> None:
        """Notes that a ledger of that name uses the store, where it is not noted."""
        mark = self.folder / USERS / ledger
        if not mark.exists():
            mark.parent.mkdir(exist_ok=True)
            mark.touch()
            synced(mark.parent)

    def users(self) -> frozenset[str]:
        """The names of all ledgers that are known to use the store; its owner is one of them."""
        owner, noted = self.owner(), (mark.name for mark in (self.folder / USERS).glob("*"))
        return frozenset(noted).union(() if owner is None else (owner,))

    def path(self, digest: str) -> Path:
        """Where the bytes are, or would be.

        Raises:
            CorruptRecord: when that is no SHA-256.
        """
        return self.folder / name_of(digest)


def name_of(digest: str) -> str:
    """The name under which bytes are kept, in two levels of folders: `ab/cd/abcd…`.

    Raises:
        CorruptRecord: when that is no SHA-256.
    """
    if not DIGEST.fullmatch(digest):
        raise CorruptRecord(f"expected a SHA-256 of 64 hexadecimal digits, got {digest!r}")
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _aside(path: Path) -> Path:
    return path.with_name(f"{_ASIDE}{path.name}")


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _refresh(path: Path) -> bool:
    """Marks a file as put now; whether it is still there: somebody may have taken it away meanwhile."""
    try:
        with suppress(PermissionError):  # of another account's file: it prunes what is its own
            os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _ensure(folder: Path, sure: set[Path]) -> None:
    """Makes a folder that survives a power cut, as do those above it.

    Another process may have made it and not have come to say so to the disk: each says it once for itself.
    """
    if folder in sure and folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    synced(folder.parent)
    sure.add(folder)
