"""A disk of a cell's own, which can be filled, and a store on another, which can be made read-only."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.record_faults.points import Victim

SIZE = "size=48m"
_BLOCK = bytes(1 << 20)


def filler(home: Path) -> Path:
    """The file that takes all the space."""
    return home.parent / "filler"


def store(home: Path) -> Path:
    """Where the store is, if it has a disk of its own."""
    return home.parent / "store"


@contextlib.contextmanager
def mounted(folder: Path, victim: Victim) -> Iterator[Path]:
    """Mounts what the victim needs below a folder, and yields the home; needs the right to mount."""
    name = "disk" if victim is Victim.DISK else "store"
    (folder / name).mkdir()
    _run("mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", str(folder / name))
    try:
        yield folder / ("disk/home" if victim is Victim.DISK else "home")
    finally:
        _run("umount", str(folder / name))


def take(home: Path, victim: Victim) -> None:
    """Fills the home's disk to its last byte, or lets nothing more be written to the store."""
    if victim is Victim.STORE:
        _run("mount", "-o", "remount,ro", str(store(home)))
        return
    with contextlib.suppress(OSError), filler(home).open("wb", buffering=0) as file:
        while file.write(_BLOCK):
            pass


def give_back(home: Path, victim: Victim) -> bool:
    """Mends what was taken; whether anything was."""
    if victim is Victim.STORE:
        taken = bool(os.statvfs(store(home)).f_flag & os.ST_RDONLY)
        _run("mount", "-o", "remount,rw", str(store(home)))
        return taken
    taken = filler(home).exists()
    filler(home).unlink(missing_ok=True)
    return taken


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
