"""A lock between processes of one machine, held as long as its file is open."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Waits for, then holds, an exclusive lock; the system frees it when the process dies.

    Without `wait`, raises `BlockingIOError` where somebody else holds it.

    The file stays behind, because removing it would let two processes lock two files of one name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
