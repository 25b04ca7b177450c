"""What a pool of warm processes keeps, without any process."""

import threading
from typing import Any, cast

from backends.processes.pool import WorkerPool


class Still:
    """Serves any layout, and is told when it is stopped."""

    def __init__(self) -> None:
        self.layout, self.served, self.stopped = "any", 0, threading.Event()

    def reply(self, timeout_s: float) -> str | None:
        return None

    def stop(self) -> None:
        self.stopped.set()

    def forget(self) -> None:
        pass


def waiting() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}


def test_one_thread_waits_for_the_end_of_one_that_is_idle_however_often_it_was_taken() -> None:
    before, still = waiting(), Still()
    pool = WorkerPool(turns=None, idle=1, idle_s=600.0)
    for _ in range(20):
        pool.take_turn(0)
        pool.give_back(pool.take("any", lambda: cast(Any, still)))
    for called_off in sorted(waiting() - before, key=lambda thread: thread.ident or 0)[:-1]:
        called_off.join(10.0)
    assert len(waiting() - before) == 1
    pool.close()
    for called_off in waiting() - before:
        called_off.join(10.0)
    assert waiting() <= before
    assert still.stopped.is_set()


def test_as_many_are_kept_as_were_at_work_at_once_so_that_who_works_with_two_starts_two() -> None:
    pool, started = WorkerPool(turns=None, idle=1, idle_s=600.0), list[Still]()

    def start() -> Any:
        started.append(Still())
        return started[-1]

    for _ in range(5):
        assert all([pool.take_turn(0), pool.take_turn(0)])
        for taken in [pool.take("any", start), pool.take("any", start)]:
            pool.give_back(taken)
    assert len(started) == 2
    assert not any(still.stopped.is_set() for still in started)
    pool.close()
    assert all(still.stopped.is_set() for still in started)
