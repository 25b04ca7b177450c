"""The control with shuffled labels beside a certificate of more columns than rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from problems.prediction.loading import load_rows
from problems.prediction.verify.shuffled import in_words, reason, shuffled_labels

ROWS, COLUMNS = 60, 50


def _instance(folder: Path, shift: float, columns: int = COLUMNS) -> Any:
    ill = np.arange(ROWS) % 2
    values = np.random.default_rng(1).normal(size=(ROWS, columns)).round(6) + shift * ill[:, None]
    pd.DataFrame(values).add_prefix("g").assign(ill=ill).to_csv(folder / "t.csv", index=False)
    return load_rows({"csv": "t.csv", "target": "ill"}, 1, folder)


def test_noise_is_said_to_be_no_better_than_chance_and_signal_is_not(tmp_path: Path) -> None:
    noise = shuffled_labels(_instance(tmp_path, 0.0))
    assert noise["p_value"] > 0.05
    assert "may be chance" in reason(noise)
    signal = shuffled_labels(_instance(tmp_path, 1.0))
    assert (signal["p_value"], signal["rows"], signal["shuffles"]) == (pytest.approx(0.001), 36, 999)
    assert signal["value"] > 0.95
    assert reason(signal) == ""
    assert in_words(signal).startswith(
        "a simple learner reaches 1.00 (ROC area, cross-validated on 36 open rows)"
    )


def test_it_stands_beside_tables_with_more_columns_than_open_rows_alone(tmp_path: Path) -> None:
    assert shuffled_labels(_instance(tmp_path, 0.0, columns=36)) == {}
    assert in_words(None) == reason({}) == ""
