"""A small table in each kind of file, and what each field beside it changes."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.stating import of_two_classes
from problems.prediction.sources.table.spec import FileSpec
from problems.prediction.sources.table.task_samples import of_tasks

ROWS = 90


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes the table; returns the ways to name it."""
    frame = _table()
    here = folder.name
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet", index=False)
    _workbook(folder / "t.xlsx", frame)
    further = frame[["visit"]].assign(height=np.random.default_rng(2).normal(170, 9, ROWS).round(1))
    further.iloc[::-1].to_csv(folder / "more.csv", index=False)
    takes = of_two_classes("dose") | _OF_FILES
    return (
        Source("csv", FileSpec, {"csv": f"{here}/t.csv", "target": "ill", "drop": ["visit"]}, takes),
        Source(
            "parquet", FileSpec, {"parquet": f"{here}/t.parquet", "target": "ill", "drop": ["visit"]}, takes
        ),
        Source(
            "excel",
            FileSpec,
            {"excel": f"{here}/t.xlsx", "sheet": "visits", "target": "ill", "drop": ["visit"]},
            takes,
        ),
        Source(
            "joined files",
            FileSpec,
            {"csv": f"{here}/t.csv", "join": f"{here}/more.csv", "by": "visit", "target": "ill"},
            takes | {"drop": ["dose"]},
        ),
        *of_tasks(folder),
    )


_OF_FILES = {
    "subgroups": ["ward"],
    "positive": 0,
    "group": "patient",
    "time": "seen",
    "weight": "ward",
    "categorical": ["ward"],
    "na_values": [2],
}


def _table() -> Any:
    import pandas as pd

    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "visit": [f"v{visit}" for visit in range(ROWS)],
            "dose": rng.normal(size=ROWS).round(6),
            "ward": rng.integers(1, 5, ROWS),
            "patient": rng.permutation(np.arange(ROWS) // 2),
            "seen": rng.integers(0, 1000, ROWS),
            "ill": np.arange(ROWS) % 2,
        }
    )


def _workbook(path: Path, frame: Any) -> None:
    from openpyxl import Workbook

    book = Workbook()
    visits = book.active
    visits.title = "visits"
    for row in (frame.columns.tolist(), *frame.values.tolist()):
        visits.append(row)
    book.create_sheet("notes").append(["taken from the ward's own list"])
    book.save(path)
