"""Ends an engine that does not come back."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_S = 0.05


class Overrun(Exception):
    """An engine was still at it long after the search had ended."""


@contextmanager
def time_limit(after_s: float, busy: Callable[[], bool]) -> Iterator[None]:
    """Raises `Overrun` in what runs inside after so many seconds; does nothing outside the main thread.

    A call into compiled code is not interrupted: the exception comes when it returns. An alarm that was set
    already is put off until afterwards.

    Args:
        after_s: seconds of elapsed time.
        busy: whether it has to wait a moment, for what must not be left half done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        if busy():
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            return
        raise Overrun

    before = signal.signal(signal.SIGALRM, ring)
    left_s, every_s = signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left_s, every_s)
