"""What a solver is given says nothing about the sealed labels, also where the file is sorted by class."""

from pathlib import Path

import numpy as np
import pytest

from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.tables.encoding import read_frame
from problems.prediction.tables.instance import solver_view

ROWS = 400
# 160 sealed rows, half of each class: a guess is right 80 times, give or take 6.3; five times that is 32
CHANCE = 112 / 160


@pytest.mark.parametrize("seed", [0, 7])
def test_in_a_file_sorted_by_class_neither_place_nor_group_tells_a_sealed_label(
    tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], ROWS // 2)
    lines = [f"{a},{b},{label}" for (a, b), label in zip(rng.normal(size=(ROWS, 2)), labels, strict=True)]
    (tmp_path / "sorted.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")
    instance = load_rows({"csv": "sorted.csv", "target": "y"}, seed, tmp_path)
    view = solver_view(instance, Target(metric="roc_auc", at_least=0.5))
    opened, sealed = read_frame(view.open_rows.data), read_frame(view.sealed_rows.data)
    assert "__label__" not in sealed.columns
    later_place = np.arange(len(sealed)) >= len(sealed) / 2
    groups = sealed["__group__"].str[1:].astype(int).to_numpy()
    higher_group = groups >= np.median(opened["__group__"].str[1:].astype(int))
    for guess in (later_place, higher_group):
        right = float(np.mean(guess == instance.sealed_labels))
        assert max(right, 1 - right) < CHANCE
