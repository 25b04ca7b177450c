"""Finds processes as they are: some that were there a moment ago may be gone already."""

from collections.abc import Iterable

import psutil


def guarded(command: str) -> list[psutil.Process]:
    """Returns this process's guards whose command line holds the text, and everything below them."""
    guards = [child for child in psutil.Process().children() if _holds(child, "guard.py", command)]
    return [*guards, *(below for guard in guards for below in descending(guard))]


def descending(process: psutil.Process) -> list[psutil.Process]:
    """Returns what lives below a process; nothing when it is gone itself."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def living(pids: Iterable[int]) -> list[psutil.Process]:
    """Returns those of the processes that still live."""
    found = []
    for pid in pids:
        try:
            found.append(psutil.Process(pid))
        except psutil.NoSuchProcess:
            continue
    return found


def command_line(process: psutil.Process) -> str:
    """Returns the command line of a process; empty when it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _holds(process: psutil.Process, *texts: str) -> bool:
    line = command_line(process)
    return all(text in line for text in texts)
