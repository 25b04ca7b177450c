"""How often a password may be guessed."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

FREE = 5
LONGEST_S = 60.0
_MOST = 10_000
_FORGOTTEN_S = 3600.0


class Attempts:
    """Counts what failed, by who it was; after five each waits twice as long, at most a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def wait_s(self, who: Hashable) -> float:
        """Seconds until it may be tried again; 0 for now."""
        count, last = self._failed.get(who, (0, 0.0))
        if count < FREE:
            return 0.0
        wait = min(2.0 ** (count - FREE), LONGEST_S)
        return max(0.0, last + wait - self._clock())

    def failed(self, who: Hashable) -> None:
        """Counts one."""
        now = self._clock()
        count, last = self._failed.pop(who, (0, now))
        self._failed[who] = (1 if now - last > _FORGOTTEN_S else count + 1, now)
        while len(self._failed) > _MOST:
            self._failed.popitem(last=False)

    def succeeded(self, who: Hashable) -> None:
        """Forgets what failed."""
        self._failed.pop(who, None)
