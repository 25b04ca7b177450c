"""What the kernel lets this process use: the limits of its control groups, each bounded by those above it.

https://docs.kernel.org/admin-guide/cgroup-v2.html, `cpu.max` and `memory.max`, or version 1's.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cpus(own: Path = _OWN, mounted: Path = _MOUNTED) -> float | None:
    """Processors by time, 1.5 for one and a half; None where nothing bounds them."""
    return _least(own, mounted, "cpu", _cpus)


def memory_mb(own: Path = _OWN, mounted: Path = _MOUNTED) -> int | None:
    """MiB; None where nothing bounds them."""
    found = _least(own, mounted, "memory", _memory_mb)
    return None if found is None else int(found)


def _least(own: Path, mounted: Path, controller: str, read: Callable[[Path], float | None]) -> float | None:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    found = [read(folder) for line in lines for folder in _folders(line, mounted, controller)]
    return min((limit for limit in found if limit is not None), default=None)


def _folders(line: str, mounted: Path, controller: str) -> Iterator[Path]:
    """The group's folder and those above it; a line is `0::/path`, or of version 1 `4:cpu,cpuacct:/path`."""
    _, controllers, path = line.split(":", 2)
    if controllers and controller not in controllers.split(","):
        return
    root = mounted / controllers if controllers else mounted
    folder = root / path.lstrip("/")
    yield from (each for each in (folder, *folder.parents) if each.is_relative_to(root))


def _cpus(folder: Path) -> float | None:
    words = _words(folder / "cpu.max") or _words(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
    if len(words) != 2 or not all(word.isdecimal() for word in words):  # `max`, or -1 in version 1
        return None
    return int(words[0]) / int(words[1])


def _memory_mb(folder: Path) -> float | None:
    words = _words(folder / "memory.max") or _words(folder / "memory.limit_in_bytes")
    limit = int(words[0]) if words and words[0].isdecimal() else None
    return None if limit is None or limit >= 2**60 else limit // 2**20  # version 1 says 2^63 for none


def _words(*files: Path) -> list[str]:
    try:
        return [word for file in files for word in file.read_text().split()]
    except OSError:
        return []
