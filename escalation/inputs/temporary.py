"""Folders for a while: gone with their block, when the process is told to end, or when the next one starts.

A process that is killed removes nothing. So the name of such a folder says whose it is, and who comes later
on the same machine removes those whose owner lives no longer.
"""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from escalation.model.clock import ProcessIdentity, this_process

_KEPT_S = {"worker": 86400.0}
"""By kind, how long a folder is kept after its owner's end: who takes a case up reads what a worker used."""
_TO_REMOVE: set[Path] = set()


def named_folder(kind: str) -> Path:
    """Makes a folder for this user alone, whose name says which process it belongs to."""
    me = this_process()
    return Path(tempfile.mkdtemp(prefix=f"tierwise-{kind}-{_machine(me)}-{me.pid}-{me.started}-"))


@contextmanager
def temporary_folder(kind: str) -> Iterator[Path]:
    """A folder that is gone at the end of the block, or of the process where that is told to end."""
    folder = named_folder(kind)
    with removed_if_ended(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def removed_if_ended(folder: Path) -> Iterator[None]:
    """Has `remove_all` remove the folder while the block runs."""
    _TO_REMOVE.add(folder)
    try:
        yield
    finally:
        _TO_REMOVE.discard(folder)


def remove_all() -> None:
    """Removes what would go with a block of this process, which ends before its blocks do."""
    for folder in tuple(_TO_REMOVE):
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Removes this user's folders that processes of this machine left behind when they were killed."""
    me = this_process()
    for folder in Path(tempfile.gettempdir()).glob(f"tierwise-*-{_machine(me)}-*-*-*"):
        with suppress(OSError, ValueError):
            kept_s = _KEPT_S.get(folder.name.split("-")[1], 0.0)
            if not _alive(me, folder.name) and _mine(folder.lstat(), kept_s):
                shutil.rmtree(folder, ignore_errors=True)


def _machine(process: ProcessIdentity) -> str:
    """Where a process id means the same process."""
    return sha256(f"{process.boot}/{process.namespace}".encode()).hexdigest()[:8]


def _alive(me: ProcessIdentity, name: str) -> bool:
    pid, started = name.split("-", 5)[3:5]
    return bool(ProcessIdentity(me.host, me.boot, me.namespace, int(pid), int(started)).alive())


def _mine(found: os.stat_result, kept_s: float) -> bool:
    old = time.time() - found.st_mtime >= kept_s
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and old
