"""Remarks on columns that are the outcome in disguise, and on values far off that repeat."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from problems.classification.suspicions import far_off, suspicions
from problems.classification.table import Column

RNG = np.random.default_rng(8)
LABELS = np.tile([0, 1, 0], 40)


def said(kind: str, values: Any) -> tuple[str, ...]:
    levels = tuple(sorted(set(values))) if kind == "category" else ()
    frame = pd.DataFrame({"x": values, "__label__": LABELS.astype(np.int8)})
    return suspicions((Column("x", kind, levels),), frame)


COPIES = {
    "copied": ("number", LABELS.astype(float)),
    "negated": ("number", 1.0 - LABELS),
    "scaled": ("number", 7.5 - 3.0 * LABELS),
    "monotone, with noise": ("number", np.exp(5.0 * LABELS + RNG.uniform(0, 1, 120))),
    "recoded": ("category", np.where(LABELS == 1, "dead", "alive").astype(object)),
    "in three codes": ("number", np.where(LABELS == 1, 2.0, np.tile([1.0, 3.0], 60))),
    "given for one class alone": ("number", np.where(LABELS == 1, RNG.normal(size=120), np.nan)),
}


@pytest.mark.parametrize("guise", sorted(COPIES))
def test_the_outcome_in_disguise_is_remarked_on(guise: str) -> None:
    assert "'x' alone tells the classes apart" in said(*COPIES[guise])[0]


def test_a_good_feature_is_no_outcome_in_disguise() -> None:
    assert said("number", LABELS + RNG.normal(size=120)) == ()
    assert said("category", RNG.choice(["a", "b", "c"], 120).astype(object)) == (
        "3 sets of open rows with equal features have both labels",
    )
    assert said("category", np.array([f"t{row // 2}" for row in range(120)], dtype=object)) == (
        "40 sets of open rows with equal features have both labels",
    )


def ages(*more: float) -> Any:
    return np.array([*range(20, 81), *range(20, 81), *more], dtype=np.float64)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (ages(999, 999, 999), [(999, 3)]),
        (ages(-9, -9), [(-9, 2)]),
        (ages(9999, 9999), [(9999, 2)]),
        (ages(0, 0, 0), [(0, 3)]),
        (ages(998, 998, 999, 999), [(999, 2), (998, 2)]),
        (ages(-1, -1, 300, 300), [(-1, 2), (300, 2)]),
        (ages(999), []),  # once: a slip, or the oldest of all
        (ages(83, 83), []),
        (ages(np.nan, np.nan), []),
        (np.array([1.0, 2, 3, 4, 5, 9, 9] * 5), [(9, 10)]),
        (np.array([0.0, 0, 0, 1, 1, 2, 3, 4, 6, 6] * 5), []),
        (np.array([0.0, 1.0] * 20), []),
    ],
)
def test_values_far_off_that_repeat(values: Any, found: list[tuple[float, int]]) -> None:
    assert far_off(values) == found
