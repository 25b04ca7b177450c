"""A table, and how it is loaded as an instance."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import TableInstance

Load = Callable[..., TableInstance]
TARGET = Target(metric="roc_auc", at_least=0.8)


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 90, 120),
            "dose": rng.normal(size=120).round(6),
            "ward": rng.choice(["a", "b", "c"], 120),
            "ill": np.tile(["yes", "no", "no"], 40),
        }
    )


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(frame: pd.DataFrame, seed: int = 1, **fields: Any) -> TableInstance:
        frame.to_csv(tmp_path / "t.csv", index=False)
        spec = {"csv": "t.csv", "target": "ill", "positive": "yes", **fields}
        return load_rows({name: value for name, value in spec.items() if value is not None}, seed, tmp_path)

    return load
