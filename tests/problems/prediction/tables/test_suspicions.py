"""Remarks on columns that are the outcome in disguise, and on values far off that repeat."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from problems.prediction.tables.suspicions import far_off, suspicions
from problems.prediction.tables.table import Column

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


def noisy(share: float) -> Any:
    """The outcome, wrong in this share of the rows of either class."""
    wrong = np.zeros(120, dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(label == LABELS)
        wrong[rows[:: round(1 / share)]] = True
    return np.where(wrong, 1 - LABELS, LABELS)


@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_copy_of_the_outcome_with_mistakes_is_a_suspicion(kind: str) -> None:
    values = noisy(1 / 40)  # 2 of 80 and 1 of 40 wrong: (0.975 + 0.975) / 2, by hand
    found = said(kind, values.astype(float) if kind == "number" else values.astype(str).astype(object))
    suspicion = next(line for line in found if "nearly" in line)
    assert suspicion.startswith("column 'x' (0.97")
    assert "a suspicion that it was made from the outcome, or a strong measurement" in suspicion
    assert not any("'x' alone tells" in line for line in found)
    assert not any("nearly" in line for line in said("number", noisy(1 / 10).astype(float)))


def test_one_remark_names_the_most_suspicious_columns_and_counts_the_rest() -> None:
    names = [f"x{number}" for number in range(7)]
    frame = pd.DataFrame({name: noisy(1 / 40).astype(float) for name in names})
    frame["__label__"] = LABELS.astype(np.int8)
    found = [
        line for line in suspicions(tuple(Column(n, "number") for n in names), frame) if "nearly" in line
    ]
    assert len(found) == 1
    assert "'x4' (0.975) and 2 more alone nearly" in found[0]


def test_levels_of_a_rare_class_are_not_suspicious_by_chance() -> None:
    labels = np.zeros(500, dtype=np.int8)
    labels[::50] = 1  # ten of 500, each alone in its level: the level's share fits the row that made it
    levels = np.array([f"l{row // 5:03d}" for row in range(500)], dtype=object)
    frame = pd.DataFrame({"x": levels, "__label__": labels})
    column = Column("x", "category", tuple(sorted(set(levels))))
    assert not any("alone" in line for line in suspicions((column,), frame))


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
        (ages(104, 104), []),  # the two oldest of all, and no number that anybody writes for a missing one
        (ages(np.nan, np.nan), []),
        (np.array([1.0, 2, 3, 4, 5, 9, 9] * 5), [(9, 10)]),
        (np.array([0.0, 0, 0, 1, 1, 2, 3, 4, 6, 6] * 5), []),
        (np.array([0.0, 1.0] * 20), []),
    ],
)
def test_values_far_off_that_repeat(values: Any, found: list[tuple[float, int]]) -> None:
    assert far_off(values) == found


def test_what_a_source_computed_holds_no_marks() -> None:
    frame = pd.DataFrame({"edges": ages(9999, 9999)[:120], "__label__": LABELS.astype(np.int8)})
    frame.loc[:1, "edges"] = 9999.0
    column = (Column("edges", "number"),)
    assert any("add it to na_values" in line for line in suspicions(column, frame))
    for classes in (True, False):
        assert not any(
            "na_values" in line for line in suspicions(column, frame, classes=classes, made=["edges"])
        )
