"""Warm worker processes, at most so many at once, each kept for the thread count it was started with."""

import select
import subprocess
import sys
import threading
from pathlib import Path

from backends.processes.guarded import environment, release, start_guarded
from backends.processes.last_word import LastWord


class Worker:
    """One worker process under its guard, used by one call at a time."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._last = LastWord()
        command = [sys.executable, "-m", "backends.local.worker", str(self._last.path)]
        options = ["--keep-stdin", f"--exit-file={self._last.path}"]
        self._guard = start_guarded(command, options, environment(threads), subprocess.PIPE)
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)

    @property
    def _replies(self) -> int:
        assert self._guard.stdout is not None
        return self._guard.stdout.fileno()

    def send(self, folder: Path) -> None:
        """Asks for the job in the folder to be run; raises `OSError` when the worker is gone."""
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{folder}\n".encode())
        self._guard.stdin.flush()

    def reply(self, timeout_s: float) -> str | None:
        """Returns `again` or `spent` after a call, `gone` when the process died, None when the time is up."""
        if not self._poll.poll(timeout_s * 1000):
            return None
        assert self._guard.stdout is not None
        return self._guard.stdout.readline().decode().strip() or "gone"

    def cpu_s(self) -> float:
        """Returns the processor seconds of the worker and its living descendants since they began."""
        import psutil

        total = 0.0
        try:
            for process in psutil.Process(self._guard.pid).children(recursive=True):
                total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            return total
        return total

    def stop(self) -> tuple[int, float | None]:
        """Ends the worker and everything it started, and waits until all are gone.

        Returns:
            Its exit code, of a signal N -N or 128 + N, and the processor seconds of its whole life; these
            are None where nobody was left to count them.
        """
        release(self._guard)
        if self._guard.stdout is not None:
            self._guard.stdout.close()
        cpu_s = self._last.cpu_s()
        self._last.close()
        return self._guard.returncode, cpu_s


class Pool:
    """Hands out workers; a call that finds all of them busy waits for its turn."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slots = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._closed = False

    def take_slot(self, timeout_s: float) -> bool:
        """Waits for a turn; tells whether it came. Each turn is ended by one `give_back`."""
        return self._slots.acquire(timeout=timeout_s)

    def worker(self, threads: int) -> Worker:
        """Returns an idle worker with this many threads, or a new one; only with a slot taken."""
        with self._lock:
            dead = [worker for worker in self._idle if worker.reply(0) == "gone"]
            self._idle = [worker for worker in self._idle if worker not in dead]
            fitting = [worker for worker in self._idle if worker.threads == threads]
            for worker in fitting[:1]:
                self._idle.remove(worker)
        for worker in dead:
            worker.stop()
        return fitting[0] if fitting else Worker(threads)

    def give_back(self, worker: Worker | None, *, reusable: bool) -> None:
        """Ends a turn; the worker is kept warm if it can be used again."""
        surplus = [worker] if worker is not None else []
        with self._lock:
            if worker is not None and reusable and not self._closed:
                self._idle.append(worker)
                surplus = [self._idle.pop(0) for _ in range(len(self._idle) - self._size)]
        for each in surplus:
            each.stop()
        self._slots.release()

    def close(self) -> None:
        """Ends the idle workers; busy ones end when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
