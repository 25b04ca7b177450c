"""What was read of a store elsewhere, kept in a folder of bounded size; wrong or missing, it costs a read."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from escalation.inputs.whole_files import write_whole
from escalation.model.identity import digest_bytes
from records.store.files import DIGEST, name_of

ROOM = 0.9
"""The share of the limit that is left when some had to go, so that not every new file has to look again."""
LOOKS = 16
"""How often the folder is looked at while as much as its limit is written: others write to it too."""


class StoreCache:
    """Bytes by their SHA-256, those that were used last; safe with several threads and processes.

    Nothing fails for it: where the disk is full or a file is damaged, it has nothing.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Touches nothing yet.

        Args:
            folder: where the files are.
            limit_bytes: of all of them, but for what other processes have just written; 0 keeps none.
        """
        self.folder, self.limit_bytes = folder, limit_bytes
        self._unseen = limit_bytes

    def get(self, digest: str) -> bytes | None:
        """Returns the bytes, compared with their digest; None where there are none. What is wrong goes."""
        path = self.folder / name_of(digest)
        with suppress(OSError):
            data = path.read_bytes()
            if digest_bytes(data) == digest:
                os.utime(path)
                return data
            path.unlink(missing_ok=True)
        return None

    def put(self, digest: str, data: bytes) -> None:
        """Keeps the bytes, and lets go what was not used for longest where there would be too much."""
        if len(data) > self.limit_bytes:
            return
        with suppress(OSError):
            path = self.folder / name_of(digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        self._unseen += len(data)
        if self._unseen * LOOKS >= self.limit_bytes:
            self._unseen = 0
            self._trim()

    def remove(self, digest: str) -> None:
        """Lets the bytes go, if it has them."""
        with suppress(OSError):
            (self.folder / name_of(digest)).unlink(missing_ok=True)

    def _trim(self) -> None:
        found = sorted(self._files())
        size = sum(bytes_ for _, bytes_, _ in found)
        if size <= self.limit_bytes * (1 - 1 / LOOKS):
            return
        for _, bytes_, path in found:
            if size <= self.limit_bytes * ROOM:
                return
            with suppress(OSError):
                path.unlink(missing_ok=True)
            size -= bytes_

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Of each file when it was last used, its bytes, and where it is."""
        for path in self.folder.glob("??/??/*"):
            if DIGEST.fullmatch(path.name):
                with suppress(OSError):
                    found = path.stat()
                    yield found.st_mtime, found.st_size, path
