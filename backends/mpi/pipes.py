"""The named pipes between the driver of a world and its ranks: a line asks, a word answers."""

from pathlib import Path

from escalation.model.clock import boottime_s

REPLIES = "replies"
AGAIN, SPENT = b"again\n", b"spent\n"
"""The world can take another program, or has to end."""


def commands(rank: int) -> str:
    """The name of the pipe that a rank reads from."""
    return f"commands-{rank}"


def line(folder: Path) -> bytes:
    """Asks for the program in the folder; shorter than what a pipe takes at once (pipe(7), PIPE_BUF)."""
    return f"{boottime_s()} {folder}\n".encode()


def read(text: str) -> tuple[float, Path]:
    """Returns when a program was asked for, in seconds since boot, and its folder."""
    sent_s, _, folder = text.rstrip("\n").partition(" ")
    return float(sent_s), Path(folder)
