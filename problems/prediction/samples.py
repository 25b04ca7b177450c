"""The ways to give this family a table, and what each field beside them changes, on small example files."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.tables.documentation import Documentation
from problems.prediction.tables.spec import DatasetSpec, FileSpec

ROWS = 120


def sources(folder: Path) -> tuple[Source, ...]:
    """Writes a table as CSV and as Parquet; returns both, a bundled data set, and a constructed one."""
    frame = _table()
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet", index=False)
    columns = {"target": "ill"}
    both = {"sealed_fraction": 0.5} | _STATED
    return (
        Source("csv", FileSpec, {"csv": "t.csv", **columns}, both | _OF_FILES | _of("dose")),
        Source("parquet", FileSpec, {"parquet": "t.parquet", **columns}, both | _OF_FILES | _of("dose")),
        Source(
            "dataset",
            DatasetSpec,
            {"dataset": "breast_cancer"},
            both | {"subgroups": ["mean area"]} | _of("mean area"),
        ),
        Source(
            "constructed dataset",
            DatasetSpec,
            {"dataset": "quantum_labels"},
            both | {"subgroups": ["x0"], "rows": 200, "qubits": 3, "flip": 0.1} | _of("x0"),
        ),
    )


def _of(column: str) -> dict[str, Any]:
    """What may be said of a single column."""
    return {f"documentation.{field}": {column: "as measured"} for field in ("definitions", "units")}


_STATED: dict[str, Any] = {
    "documentation": {"funding": "none"},
    **{
        f"documentation.{name}": "as people say"
        for name in Documentation.model_fields
        if name not in ("definitions", "units")
    },
}
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
