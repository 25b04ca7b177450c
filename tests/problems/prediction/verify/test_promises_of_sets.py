"""What sets promise is tested on the sealed rows: over all classes or in each, as it was promised."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.problem import Target
from problems.prediction.tasks.task import Asking, Outcomes
from problems.prediction.verify.certify import certify
from problems.prediction.verify.coverage import coverage_of_sets, refuted_in_words
from problems.prediction.verify.judging import Sealed
from toolbox.arrays import npy
from toolbox.stats.conformal import refutation

TWO = Asking("binary", ("well", "ill"))
THREE = Asking("multiclass", ("a", "b", "c"))


def found(asked: Asking, values: Any, sets: Any, **claim: Any) -> dict[str, Any]:
    """What is found of sets of rows of these classes."""
    kind = {} if asked.task == "binary" else {"kind": "labels", "units": 300}
    limits = [0.5] * len(asked.classes)
    stated = {"coverage": 0.9, "model_format": "skops", "thresholds": limits, **kind, **claim}
    candidate = Candidate({"conformal": stated}, {"sealed_sets": Blob(npy.dump(sets))})
    rows = Outcomes(values, weights=claim.get("weights"), groups=np.arange(len(values)))
    return coverage_of_sets(Sealed(rows, asked), candidate)


def rows_of(counts: Any, held: Any) -> Any:
    """Labels, and sets that hold so many of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    sets = np.zeros((len(labels), len(counts)), dtype=bool)
    for label, many in enumerate(held):
        sets[np.flatnonzero(labels == label)[:many], label] = True
    return labels, sets


def test_sets_of_two_classes_are_refuted_as_all_others() -> None:
    labels, sets = rows_of([100, 100], [70, 70])
    bad = found(TWO, labels, sets, promised={"all": 200})
    assert (bad["held"], bad["refuted"]) == (0.7, True)
    assert bad["p_value"] == refutation(sets[np.arange(200), labels], np.arange(200), 0.9, 200)
    labels, sets = rows_of([100, 100], [100, 80])
    good = found(TWO, labels, sets, promised={"all": 200})  # over both together
    assert (good["refuted"], "classes" in good) == (False, False)
    each = found(TWO, labels, sets, promised={"negative": 200, "positive": 1000})
    assert each["refuted"] is True
    assert "0.8 of the 100 of class 'ill'" in refuted_in_words(each)
    assert "'well'" not in refuted_in_words(each)


def test_a_promise_in_each_class_is_refuted_by_one() -> None:
    labels, sets = rows_of([114, 500, 2000], [0, 490, 1990])
    bad = found(THREE, labels, sets, promised={"a": 60, "b": 100, "c": 140})
    assert bad["held"] > 0.9
    assert bad["refuted"] is True
    assert bad["classes"]["a"] == {"rows": 114, "held": 0.0, "p_value": bad["p_value"] / 3}
    assert "0 of the 114 of class 'a'" in refuted_in_words(bad)
    assert found(THREE, labels, sets)["refuted"] is False  # an old claim, tested over all classes


def test_the_level_is_shared_among_the_classes() -> None:
    units = {"a": 1000, "b": 1000, "c": 1000}
    labels, sets = rows_of([100, 100, 100], [82, 95, 95])
    one = refutation(sets[:100, 0], np.arange(100), 0.9, 1000)
    assert 0.01 / 3 < one < 0.03  # not refuted, though it would be near it alone
    near = found(THREE, labels, sets, promised=units)
    assert near["p_value"] == pytest.approx(3 * one)
    assert near["refuted"] is False


def test_what_the_choice_of_a_circuit_may_cost_was_not_promised() -> None:
    labels, sets = rows_of([100, 100], [75, 75])
    assert found(TWO, labels, sets, promised={"all": 100})["refuted"] is True
    less = found(TWO, labels, sets, promised={"all": 100}, lost=0.15)
    assert (less["coverage"], less["refuted"]) == (0.75, False)
    assert found(TWO, labels, sets, promised={"all": 100}, lost=0.95) == {}


@pytest.mark.parametrize(
    "claim",
    [{}, {"promised": []}, {"promised": {"all": 0}}, {"promised": {"all": True}}, {"promised": {"ill": 9}},
     {"promised": {"all": 90}, "coverage": "x"}, {"promised": {"all": 90}, "lost": float("nan")}],
)  # fmt: skip
def test_old_and_malformed_claims_of_two_classes_say_nothing(claim: Any) -> None:
    assert found(TWO, *rows_of([100, 100], [10, 10]), **claim) == {}


def test_a_certificate_says_that_sets_of_two_classes_are_refuted(bench: Any) -> None:
    made = bench.with_sets((0.05, 0.05))
    claim = {**made.values["conformal"], "promised": {"all": 100}}
    made = replace(made, values={**made.values, "conformal": claim})
    certificate = certify(bench.instance, Target(metric="roc_auc", at_least=0.7), made, (), 0.05)
    sets: Any = certificate.evidence["sets"]
    assert (certificate.status, sets["refuted"]) == ("CERTIFIED", True)
