"""Waiting for what a worker does."""

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE_S = 240.0


def until(found: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Asks again until there is something; the wait is bounded, its length is no part of the test."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.2)
    pytest.fail(f"no {what} within {patience_s:.0f} s")
