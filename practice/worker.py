"""One thread that runs the jobs, one after another."""

import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]


class SimulationWorker:
    """Runs tasks in the order given; a daemon thread, so that it never keeps a process alive."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="practice-worker", daemon=True)
        self._thread.start()

    def put(self, task: Task) -> None:
        """Queues a task, which must not raise."""
        self._tasks.put(task)

    def close(self, timeout_s: float = 5.0) -> None:
        """Has the thread end after the task at hand, and waits for it for a while."""
        self._tasks.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
