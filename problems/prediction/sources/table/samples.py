"""A small table as CSV and as Parquet, and what each field beside it changes."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.stating import of_every_source
from problems.prediction.sources.table.spec import FileSpec

ROWS = 120


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes the table; returns both ways to name it."""
    frame = _table()
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet", index=False)
    takes = of_every_source("dose") | _OF_FILES
    return tuple(
        Source(kind, FileSpec, {kind: f"{folder.name}/t.{kind}", "target": "ill"}, takes)
        for kind in ("csv", "parquet")
    )


_OF_FILES = {
    "subgroups": ["ward"],
    "positive": 0,
    "group": "patient",
    "time": "seen",
    "drop": ["dose"],
    "categorical": ["ward"],
    "na_values": [2],
}


def _table() -> Any:
    import pandas as pd

    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "dose": rng.normal(size=ROWS).round(6),
            "ward": rng.integers(1, 5, ROWS),
            "patient": rng.permutation(np.arange(ROWS) // 2),
            "seen": rng.integers(0, 1000, ROWS),
            "ill": np.arange(ROWS) % 2,
        }
    )
