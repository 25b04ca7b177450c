"""What others are given: the open rows, the features of the sealed ones, what is asked, and nothing else."""

import json
from pathlib import Path
from typing import Any

from problems.prediction.tables.instance import TableInstance


def hand(instance: TableInstance, metric: str, seed: int, folder: Path) -> None:
    """Writes `asked.json`, `open.parquet` and `sealed.parquet`."""
    features = [column.name for column in instance.columns]
    group = ["__group__"] if instance.grouped else []
    known = [*features, "__label__", *instance.further, *group]
    for part, index, names in (
        ("open", instance.open_index, known),
        ("sealed", instance.sealed_index, [*features, *group]),
    ):
        rows = instance.frame.iloc[index][names].reset_index(drop=True)
        rows.to_parquet(folder / f"{part}.parquet", index=False)
    (folder / "asked.json").write_text(json.dumps(_asked(instance, metric, seed, features)))


def _asked(instance: TableInstance, metric: str, seed: int, features: list[str]) -> dict[str, Any]:
    return {
        **instance.asked.to_json(),
        "features": features,
        "levels": {c.name: list(c.levels) for c in instance.columns if c.kind == "category"},
        "metric": metric,
        "seed": seed,
        "grouped": instance.grouped,
        "time_ordered": instance.time_ordered,
    }
