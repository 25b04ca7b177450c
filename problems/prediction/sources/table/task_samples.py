"""A small table of other outcomes than two classes, and what each field of their tasks changes."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.stating import of_every_source
from problems.prediction.sources.table.spec import FileSpec

ROWS = 120

OF_COLUMNS = {"subgroups": ["ward"], "drop": ["dose"], "categorical": ["ward"], "na_values": [2]}

OF_TASKS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "multiclass": ("grade", {"top": 2}, {"metric": "accuracy", "at_least": 0.5}),
    "ordinal": ("grade", {"order": [8, 5, 6, 7]}, {"metric": "accuracy", "at_least": 0.5}),
    "regression": (
        "amount",
        {"tolerance": 1, "quantile": 0.9, "range": [-9, 9]},
        {"metric": "rank_correlation", "at_least": 0.5},
    ),
    "time_to_event": (
        "days",
        {"event": "also", "horizon": 60},
        {"metric": "concordance", "at_least": 0.6},
    ),
}
"""Of each task its column, the fields that it takes, and a target."""

NEEDED: dict[str, dict[str, Any]] = {"time_to_event": {"event": "died", "horizon": 50}}
"""What a task cannot do without."""


def of_tasks(folder: Path) -> tuple[Source, ...]:
    """Writes the table; returns one way to name it for each task."""
    _table().to_csv(folder / "o.csv", index=False)
    return tuple(_of_task(name, folder) for name in OF_TASKS)


def _of_task(name: str, folder: Path) -> Source:
    column, own, target = OF_TASKS[name]
    takes = of_every_source("dose") | OF_COLUMNS | own
    instance = {"task": name, "csv": f"{folder.name}/o.csv", "target": column, **NEEDED.get(name, {})}
    return Source(f"csv, {name}", FileSpec, instance, takes, target)


def _table() -> Any:
    import pandas as pd

    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "dose": rng.normal(size=ROWS).round(6),
            "age": rng.normal(size=ROWS).round(6),
            "ward": rng.integers(1, 5, ROWS),
            "grade": 5 + np.arange(ROWS) % 4,
            "amount": rng.normal(size=ROWS).round(6),
            "days": rng.integers(10, 100, ROWS),
            "died": np.arange(ROWS) % 2,
            "also": np.arange(ROWS) // 2 % 2,
        }
    )
