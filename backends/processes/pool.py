"""Warm processes that wait for work: each is kept for the layout it was started with."""

import threading
from collections.abc import Callable, Hashable

from backends.processes.warm import Warm


class WorkerPool:
    """Hands out warm processes; where turns are limited, work that finds all of them taken waits."""

    def __init__(self, turns: int | None, idle: int, idle_s: float | None = None) -> None:
        """Takes what is kept.

        Args:
            turns: pieces of work at once; None is any number.
            idle: warm ones that are kept without work at most; as many as were at work at once, where that
                was more: who works with several would start them again and again.
            idle_s: seconds that one is kept without work; None is until the pool is closed.
        """
        self._turns = threading.Semaphore(turns) if turns else None
        self._least, self._idle_s = idle, idle_s
        self._at_work = self._at_once = 0
        self._lock = threading.Lock()
        self._idle: list[Warm] = []
        self._ends: dict[Warm, threading.Timer] = {}
        self._closed = False

    def take_turn(self, timeout_s: float) -> bool:
        """Waits for a turn; tells whether it came. Each turn is ended by one `give_back`."""
        if self._turns is not None and not self._turns.acquire(timeout=timeout_s):
            return False
        with self._lock:
            self._at_work += 1
            self._at_once = max(self._at_once, self._at_work)
        return True

    def take(self, layout: Hashable, start: Callable[[], Warm]) -> Warm:
        """Returns idle ones of that layout, or new ones; only with a turn taken."""
        with self._lock:
            dead = [warm for warm in self._idle if warm.reply(0) == "gone"]
            self._idle = [warm for warm in self._idle if warm not in dead]
            fitting = [warm for warm in self._idle if warm.layout == layout][-1:]
            self._idle = [warm for warm in self._idle if warm not in fitting]
            self._call_off(dead + fitting)
        _end(dead)
        taken = fitting[0] if fitting else start()
        taken.served += 1
        return taken

    def give_back(self, warm: Warm | None) -> None:
        """Ends a turn; the warm ones are kept, unless there are newer ones enough."""
        surplus = [warm] if warm is not None else []
        with self._lock:
            self._at_work -= 1
            if warm is not None and not self._closed:
                self._idle.append(warm)
                self._let_go_later(warm)
                most = max(self._least, self._at_once)
                surplus = [self._idle.pop(0) for _ in range(len(self._idle) - most)]
                self._call_off(surplus)
        _end(surplus)
        if self._turns is not None:
            self._turns.release()

    def _let_go_later(self, warm: Warm) -> None:
        """Ends them after their idle seconds, unless they have been given work meanwhile."""
        if self._idle_s is None:
            return
        served = warm.served

        def let_go() -> None:
            with self._lock:
                due = [idle for idle in self._idle if idle is warm and idle.served == served]
                self._idle = [idle for idle in self._idle if idle not in due]
                self._at_once = max(self._at_work, len(self._idle))
                self._call_off(due)
            _end(due)

        timer = self._ends[warm] = threading.Timer(self._idle_s, let_go)
        timer.daemon = True
        timer.start()

    def _call_off(self, those: list[Warm]) -> None:
        """Ends the waiting for their end: each is a thread of its own."""
        for warm in those:
            if timer := self._ends.pop(warm, None):
                timer.cancel()

    def close(self) -> None:
        """Ends the idle ones; busy ones end when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._call_off(idle)
        _end(idle)


def _end(those: list[Warm]) -> None:
    for warm in those:
        warm.stop()
        warm.forget()
