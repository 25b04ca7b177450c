"""Which processes live below one.

It is asked for each piece of work, and looking through all processes of a busy machine takes milliseconds;
most kernels say it of the one process (`CONFIG_PROC_CHILDREN`).
"""

from pathlib import Path

_PROC = Path("/proc")


def below(pid: int) -> list[int]:
    """The ids of all processes below one, parents first; none where it is gone."""
    found = _children(pid)
    if found is None:
        return _searched(pid)
    for child in found:
        found += _children(child) or ()
    return found


def _children(pid: int) -> list[int] | None:
    """Its children; None where the kernel does not say, or it is gone."""
    try:
        said = [(task / "children").read_text() for task in (_PROC / f"{pid}/task").iterdir()]
    except OSError:
        return None
    return [int(child) for each in said for child in each.split()]


def _searched(pid: int) -> list[int]:
    import psutil

    try:
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
