"""Files that appear under their name complete or not at all, whoever reads meanwhile and whoever dies."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes, *, durable: bool = False, read_only: bool = False) -> None:
    """Writes a file for its user alone, in the place of one that may be there; its folder must be.

    Args:
        path: of the file.
        data: all of it.
        durable: whether it is to survive a power cut from then on.
        read_only: whether it is never to be written into; another may still take its place.

    Raises:
        OSError: when the disk does not take it; nothing is left of it.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if read_only:
            os.chmod(name, 0o400)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        synced(path.parent)  # the rename must survive too


def synced(path: Path) -> None:
    """Has the disk take all of a file, or of a folder what it holds by name."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
