"""Features that were made before, in a folder of the home; wrong or missing, it costs making them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from escalation.inputs.whole_files import write_whole
from escalation.model.identity import digest_bytes
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

FOLDER = "store-features"
"""Closed to others as what begins with `store` is."""
MOST_BYTES = 2 * 2**30
"""Of all that is kept; what was not used for longest goes first."""
_DIGEST_CHARS = 64


class MadeBefore:
    """Arrays by the digest of what they were made of; safe with several processes.

    A file holds the SHA-256 of what follows it, since its name is that of what went in, not of what came out.
    """

    def __init__(self, home: Path, most_bytes: int = MOST_BYTES) -> None:
        """Touches nothing yet."""
        self._folder, self._most_bytes = home / FOLDER, most_bytes

    def get(self, key: str, rows: int) -> Floats | None:
        """Returns the array of so many rows; None where there is none, or one that is damaged, which goes."""
        path = self._path(key)
        with suppress(OSError):
            data = path.read_bytes()
            digest, content = data[:_DIGEST_CHARS], data[_DIGEST_CHARS:]
            if digest == digest_bytes(content).encode():
                with suppress(ValueError):
                    found = npy.load(content, np.float64, (rows, None))
                    os.utime(path)
                    return found
            path.unlink(missing_ok=True)
        return None

    def put(self, key: str, array: Floats) -> None:
        """Keeps an array, if the disk takes it."""
        content = npy.dump(array)
        with suppress(OSError):
            path = self._path(key)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, digest_bytes(content).encode() + content)

    def trim(self) -> None:
        """Lets go what was not used for longest, where there is too much."""
        found = sorted(self._files())
        size = sum(bytes_ for _, bytes_, _ in found)
        for _, bytes_, path in found:
            if size <= self._most_bytes:
                return
            with suppress(OSError):
                path.unlink(missing_ok=True)
            size -= bytes_

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Of each file when it was last used, its bytes, and where it is."""
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                found = path.stat()
                yield found.st_mtime, found.st_size, path
