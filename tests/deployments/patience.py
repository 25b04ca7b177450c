"""Waiting for what a worker does."""

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE_S = 240.0
OFTEN_S, SELDOM_S = 0.1, 1.0
"""What asks a server takes its processor, and that of those it waits for."""


def until(found: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Asks again, less and less often, until there is something.

    The wait is bounded; its length is no part of the test.
    """
    deadline, pause_s = time.monotonic() + patience_s, OFTEN_S
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(pause_s)
        pause_s = min(1.3 * pause_s, SELDOM_S)
    pytest.fail(f"no {what} within {patience_s:.0f} s")
