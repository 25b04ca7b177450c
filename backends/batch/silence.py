"""A batch system that does not answer: whoever waits for it says so, and it is not asked again at once."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from backends.batch.commands import KEPT, CommandReply, run

TIMES_LONGER = 3
"""A failed answer stands for so many times as long as it took: a quarter of the time goes into asking."""
MOST_S = 60.0

Question = tuple[tuple[str, ...], tuple[str | None, ...]]


@dataclass
class _Asked:
    """A question, asked by one at a time, and the failed answer that stands for it."""

    lock: threading.Lock
    reply: CommandReply | None = None
    until_s: float = 0.0


_asked: dict[Question, _Asked] = {}
_lock = threading.Lock()


def ask(command: Sequence[str], timeout_s: float) -> CommandReply:
    """As `run`; where the same failed a moment ago, whoever asked, that answer once more.

    Raises:
        BackendError: when there is no such command.
    """
    question = tuple(command), tuple(os.environ.get(name) for name in ("PATH", *KEPT))
    with _lock:
        asked = _asked.setdefault(question, _Asked(threading.Lock()))
    with asked.lock:
        since_s = time.monotonic()
        if asked.reply is not None and since_s < asked.until_s:
            return asked.reply
        reply = run(command, timeout_s)
        now_s = time.monotonic()
        asked.reply = None if reply.ok else reply
        asked.until_s = now_s + min(MOST_S, TIMES_LONGER * (now_s - since_s))
        return reply
