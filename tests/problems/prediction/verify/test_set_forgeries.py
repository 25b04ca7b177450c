"""Prediction sets that do not come from the set model and the stated thresholds are INVALID."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.problem import Target
from problems.prediction.verify.certify import certify
from toolbox.models.skops_file import dump_estimator

TARGET = Target(metric="roc_auc", at_least=0.7)
THRESHOLDS = (0.6, 0.7)


def check(bench: Any, candidate: Any) -> Any:
    return certify(bench.instance, TARGET, candidate, (), 0.05)


def assert_invalid(certificate: Any, word: str) -> None:
    assert certificate.status == "INVALID"
    assert word in "; ".join(certificate.reasons)


def test_honest_sets_change_nothing(bench: Any) -> None:
    found = check(bench, bench.with_sets(THRESHOLDS))
    assert found.status == "CERTIFIED"
    assert found.value == check(bench, bench.candidate()).value


def test_sets_that_always_hold_the_true_class_are_a_forgery(bench: Any, as_npy: Any) -> None:
    honest = bench.with_sets(THRESHOLDS)
    perfect = np.column_stack([bench.instance.sealed_labels == 0, bench.instance.sealed_labels == 1])
    cheat = replace(honest, files={**honest.files, "sealed_sets": as_npy(perfect)})
    assert_invalid(check(bench, cheat), "forged prediction sets")


def test_a_single_changed_row_is_found(bench: Any, as_npy: Any) -> None:
    honest = bench.with_sets(THRESHOLDS)
    scores = bench.fit(index=bench.instance.open_index[:40]).predict_proba(
        bench.instance.sealed_features[["x0", "x1"]]
    )[:, 1]
    sets = np.column_stack([scores, 1 - scores]) <= np.asarray(THRESHOLDS)
    sets[17, 0] = not sets[17, 0]
    cheat = replace(honest, files={**honest.files, "sealed_sets": as_npy(sets)})
    assert_invalid(check(bench, cheat), "1 of 100")


def test_sets_of_another_model_are_a_forgery(bench: Any) -> None:
    honest = bench.with_sets(THRESHOLDS)
    other = Blob(dump_estimator(bench.fit(index=bench.instance.open_index[:20])))
    assert_invalid(
        check(bench, replace(honest, files={**honest.files, "set_model": other})), "forged prediction sets"
    )


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        (None, "two thresholds"),
        ({}, "two thresholds"),
        ({"model_format": "skops", "thresholds": [0.6]}, "two thresholds"),
        ({"model_format": "skops", "thresholds": "67"}, "from 0 to 1"),
        ({"model_format": "skops", "thresholds": [0.6, float("nan")]}, "from 0 to 1"),
        ({"model_format": "skops", "thresholds": [-1.0, 0.7]}, "from 0 to 1"),
        ({"model_format": "skops", "thresholds": [0.6, 0.9]}, "forged prediction sets"),
        ({"model_format": "pickle", "thresholds": [0.6, 0.7]}, "set model's bytes give no scores"),
        ({"thresholds": [0.6, 0.7]}, "set model's bytes give no scores"),
    ],
)
def test_a_claim_that_does_not_give_the_sets_is_found(bench: Any, claim: Any, word: str) -> None:
    honest = bench.with_sets(THRESHOLDS)
    assert_invalid(check(bench, replace(honest, values={**honest.values, "conformal": claim})), word)


def test_sets_without_their_model_are_found(bench: Any) -> None:
    honest = bench.with_sets(THRESHOLDS)
    files = {name: blob for name, blob in honest.files.items() if name != "set_model"}
    assert_invalid(check(bench, replace(honest, files=files)), "no file 'set_model'")


def test_sets_of_a_null_control_are_checked_too(bench: Any, as_npy: Any) -> None:
    control = bench.with_sets(THRESHOLDS)
    control = replace(control, files={**control.files, "sealed_sets": as_npy(np.ones((100, 2), bool))})
    cheat = replace(bench.candidate(), controls={"itself": control})
    assert_invalid(check(bench, cheat), "null control itself: forged prediction sets")
