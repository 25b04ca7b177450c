"""Tells running work to stop."""

import threading
from weakref import WeakSet


class Stop(threading.Event):
    """Says that work is to stop; what stops one case must not stop another of the same process."""

    def __init__(self) -> None:
        super().__init__()
        self._children: WeakSet[Stop] = WeakSet()
        self.leaves = False
        """Whether what lives on without us is left alone: it is somebody else's now."""

    def child(self) -> "Stop":
        """Returns one that is set by itself, or together with this one."""
        child = Stop()
        self.adopt(child)
        return child

    def adopt(self, child: "Stop") -> None:
        """Has one that is there already be set together with this one."""
        self._children.add(child)
        if self.is_set():
            child.set()

    def leave(self) -> None:
        """Stops, because somebody else took over: their work is not to be cancelled under them."""
        self.leaves = True
        self.set()

    def set(self) -> None:
        super().set()
        for child in tuple(self._children):
            child.set()
