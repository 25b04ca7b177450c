"""One background thread that does the tracking's work in order, so that the ladder never waits for it."""

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from escalation.text.addresses import without_password

_log = logging.getLogger("records.tracking.tracking")

Job = tuple[str, Callable[[], None]]


class TrackingWorker:
    """Runs jobs one after the other in a thread that starts with the first; failure is warned of once."""

    def __init__(self, address: str = "") -> None:
        """Starts nothing yet; what the address has of a password is hidden in warnings."""
        self._address = address
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._left = 0
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self.failed = False

    def put(self, what: str, run: Callable[[], None]) -> None:
        """Queues a job; `what` names it in the warning. After `stop` it does nothing."""
        with self._state:
            if self._stopped:
                return
            self._left += 1
            self._jobs.put((what, run))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="mlflow", daemon=True)
                self._thread.start()

    @property
    def left(self) -> int:
        """How many jobs are not done yet."""
        with self._state:
            return self._left

    def drain(self, timeout_s: float) -> bool:
        """Waits until every queued job is done; returns False when the time is up first."""
        with self._state:
            return self._state.wait_for(lambda: self._left == 0, timeout_s)

    def stop(self, patience_s: float) -> bool:
        """Waits as long as jobs get done, then ends the thread.

        Returns False when none was done for so long, and what was left had to be given up.
        """
        with self._state:
            while self._left and self._one_done(self._left, patience_s):
                pass
            drained, self._stopped = self._left == 0, True
        if not drained:
            self._give_up()
        self._jobs.put(None)
        if drained and self._thread is not None:
            self._thread.join(patience_s)
        return drained

    def _one_done(self, left: int, patience_s: float) -> bool:
        return self._state.wait_for(lambda: self._left < left, patience_s)

    def warn(self, what: str, error: BaseException) -> None:
        """Warns of the first failure, in one line; later ones are for debugging."""
        level = logging.DEBUG if self.failed else logging.WARNING
        self.failed = True
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        reason = without_password(said, self._address)
        _log.log(
            level, "MLflow could not be told of %s: %s; ledger and store hold the whole record", what, reason
        )

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            what, run = job
            try:
                run()
            except Exception as error:  # tracking is a view: whatever fails in it must not fail the case
                self.warn(what, error)
            finally:
                with self._state:
                    self._left -= 1
                    self._state.notify_all()

    def _give_up(self) -> None:
        try:
            while True:
                self._jobs.get_nowait()
        except Empty:
            pass
