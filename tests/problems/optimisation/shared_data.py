"""Where public benchmark instances lie, for tests that are skipped where they do not."""

import os
from pathlib import Path

import pytest

VARIABLE = "SHARED_DATA"
"""Environment variable with the folder; without it, `../shared/data` beside the checkout."""


def shared_data(name: str) -> Path:
    """Returns the path of a file such as `qubo/bqp50.txt`; skips the test where there is none."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    path = Path(os.environ.get(VARIABLE) or beside) / name
    if not path.exists():
        pytest.skip(f"{name} is not there: put it into the folder that {VARIABLE} names")
    return path
