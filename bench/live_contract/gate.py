"""Holds a POST back between its headers and its body, so that a batch can be closed meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backends.ibm_runtime import transport

HELD_S = 30.0
"""Longest time that a POST is held back."""


@dataclass(frozen=True)
class WireGate:
    """Between the headers and the body of a POST."""

    started: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def held_back() -> Iterator[WireGate]:
    """Has the body of the next POST of a job wait at a gate; its headers have been sent by then."""
    gate, plain = WireGate(), transport._Watched

    class HeldRequest(plain):  # type: ignore[misc, valid-type]
        def read(self, size: int | None = -1, /) -> bytes:
            gate.started.set()
            gate.go.wait(HELD_S)
            data: bytes = super().read(size)
            return data

    transport._Watched = HeldRequest  # type: ignore[misc]
    try:
        yield gate
    finally:
        transport._Watched = plain  # type: ignore[misc]
        gate.go.set()
