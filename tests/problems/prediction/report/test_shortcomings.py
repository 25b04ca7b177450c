"""What a certificate over all rows does not show, on tables whose numbers are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.problem import Target
from problems.prediction.report.shortcomings import shortcomings
from toolbox.arrays import npy

AREA = Target(metric="roc_auc", at_least=0.9)
FOUND = Certificate(status=CertificateStatus.CERTIFIED, kind="k", verifier="v", alpha=0.05)


@pytest.fixture
def said(make_bench: Any) -> Any:
    """`said(labels, scores, subgroups, target)`: the sentences on sealed rows with these scores."""

    def say(labels: Any, scores: Any, names: Any = (), target: Target = AREA, **also: Any) -> list[str]:
        sets, found = also.get("sets"), also.get("found")
        bench = make_bench(sealed_rows=len(labels), labels=[*(np.arange(80) % 2), *labels])
        instance = replace(bench.instance, subgroups={"age": tuple(names)} if len(names) else {})
        candidate = bench.candidate(sealed_scores=Blob(npy.dump(np.asarray(scores, dtype=float))))
        if sets is not None:
            values = {**candidate.values, "chosen": "ridge", "conformal": {"coverage": 0.9}}
            files = {**candidate.files, "sealed_sets": Blob(npy.dump(np.asarray(sets)))}
            notes = {"conformal": {"model": "svm_rbf, selected and trained on 40 open rows without these"}}
            candidate = replace(candidate, values=values, files=files, notes=notes)
        certificate = FOUND.model_copy(update={"evidence": {"sets": found} if found else {}})
        return list(shortcomings(instance, target, certificate, candidate))

    return say


def test_subgroups_at_chance_and_below_the_target_are_named_with_their_numbers(said: Any) -> None:
    labels = np.tile([0, 1], 150)
    scores = np.where(labels == 1, 0.9, 0.1)
    oldest, older = np.arange(100), np.arange(100, 200)
    scores[oldest] = np.tile([0.1, 0.1, 0.9, 0.9], 25)  # as many of either class: an area of 0.5
    scores[older[::5]] = np.where(labels[older[::5]] == 1, 0.1, 0.9)  # 10 of 50 of each class are wrong
    names = ["> 75"] * 100 + ["> 50, ≤ 75"] * 100 + ["≤ 50"] * 100
    found = said(labels, scores, names)
    [chance] = [each for each in found if "No better than chance" in each]
    assert "age > 75 (100 rows; 0.5, at least 0.4" in chance
    assert "≤ 75" not in chance
    [missed] = [each for each in found if "target 0.9 is not shown" in each]
    assert "age > 50, ≤ 75 (100 rows; 0.8, at least 0.7" in missed
    assert "age ≤ 50 (" not in missed


def test_a_subgroup_of_one_class_tells_nothing(said: Any) -> None:
    labels = np.array([0, 1] * 50 + [1] * 20)
    names = ["young"] * 100 + ["old"] * 20
    found = said(labels, np.where(labels == 1, 0.97, 0.03), names)
    assert found[-1].startswith("Nothing can be said of roc_auc in the subgroups age = old (20 rows, too few")


def test_a_subgroup_whose_brier_score_is_that_of_one_number_is_at_chance(said: Any) -> None:
    labels = np.tile([0, 1], 100)
    names = ["a", "a", "b", "b"] * 50
    scores = np.where(np.array(names) == "a", np.where(labels == 1, 0.95, 0.05), 0.5)
    [chance] = [each for each in said(labels, scores, names, Target(metric="brier", at_most=0.2))
                if "chance" in each]  # fmt: skip
    assert "age = b (100 rows; 0.25, at most 0.3" in chance
    assert "age = a" not in chance


def test_probabilities_that_are_off_are_named_and_calibrated_ones_are_not(said: Any) -> None:
    # of 200 rows each with 0.1, 0.3, … as many are positive as is said: an error of 0
    scores = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 200)
    labels = np.concatenate([np.arange(200) < 200 * share for share in (0.1, 0.3, 0.5, 0.7, 0.9)]).astype(int)
    assert not any("calibrated" in each for each in said(labels, scores))
    far = np.clip((scores - 0.5) * 1.24 + 0.5, 0, 1)  # 0.004, 0.252, 0.5, …: off by 0.096, 0.048, 0, …
    assert not any("calibrated" in each for each in said(labels[::40], far[::40]))  # 25 rows tell nothing
    [off] = [each for each in said(labels, far) if "poorly calibrated" in each]
    assert "on average 0.0576 off" in off  # (0.096 + 0.048 + 0 + 0.048 + 0.096) / 5


def halves(wrong: int) -> Any:
    """Labels, scores, and sets of 100 negatives, so many of which miss, and 100 positives."""
    labels = np.tile([0, 1], 100)
    sets = np.eye(2, dtype=bool)[labels]
    sets[np.flatnonzero(labels == 0)[:wrong]] = [False, True]
    return labels, np.where(labels == 1, 0.97, 0.03), sets


def test_sets_are_of_another_model_and_old_ones_say_that_nobody_tested_them(said: Any) -> None:
    labels, scores, sets = halves(19)
    found = [each for each in said(labels, scores, sets=sets) if "sets" in each]
    assert found[0].startswith(
        "The prediction sets are of another model (svm_rbf, selected and trained on 40 open"
    )
    assert "than the certified one (ridge)" in found[0]
    # Clopper-Pearson for 81 of 100: 0.7193 to 0.8816 (R's binom.test); of all, 181 of 200, up to 0.9418
    assert found[1:] == [
        "Of class 'well' the prediction sets hold 0.81 (95 % interval 0.7193 to 0.8816): the promise of 0.9 "
        "was not tested in this record."
    ]


def test_a_class_beneath_a_promise_over_both_is_seen_and_no_promise_is_missed(said: Any) -> None:
    labels, scores, sets = halves(19)
    kept = {"coverage": 0.9, "held": 0.905, "p_value": 0.6, "refuted": False}
    found = [each for each in said(labels, scores, sets=sets, found=kept) if "sets" in each]
    assert found[1:] == [
        "Of class 'well' the prediction sets hold 0.81 (95 % interval 0.7193 to 0.8816): the promise of 0.9 "
        "is over both classes together."
    ]


def test_a_promise_is_missed_where_the_verifier_refutes_it_and_nowhere_else(said: Any) -> None:
    labels, scores, sets = halves(60)
    near = {"coverage": 0.9, "held": 0.7, "p_value": 0.099, "refuted": False}
    assert not any("miss" in each for each in said(labels, scores, sets=sets, found=near))
    far: dict[str, Any] = {**near, "p_value": 1e-9, "refuted": True}
    [missed] = [each for each in said(labels, scores, sets=sets, found=far) if "miss" in each]
    assert "they hold 0.7 of the rows kept aside, where 0.9 was promised (p = 1e-09)" in missed
    far["classes"] = {
        "well": {"rows": 100, "held": 0.4, "p_value": 1e-9},
        "ill": {"rows": 100, "held": 1.0, "p_value": 1.0},
    }
    found = [each for each in said(labels, scores, sets=sets, found=far) if "sets" in each]
    assert found[1:] == [
        "The prediction sets miss their promise: of the rows kept aside they hold 0.4 of the 100 of class "
        "'well' (p = 1e-09), where 0.9 was promised in each class: do not use them."
    ]


def test_nothing_is_said_of_predictions_that_were_not_verified(make_bench: Any) -> None:
    bench = make_bench()
    invalid = FOUND.model_copy(update={"status": CertificateStatus.INVALID})
    assert list(shortcomings(bench.instance, AREA, invalid, bench.candidate())) == []


def test_a_null_control_that_is_better_is_named(make_bench: Any) -> None:
    bench = make_bench()
    controls = (
        Control(name="no_entanglement", value=0.86, difference=-0.06, p_value=0.9),
        Control(name="classical_kernel", value=0.7, difference=0.1, p_value=0.01),
    )
    found = FOUND.model_copy(update={"estimate": 0.8, "controls": controls})
    first = next(iter(shortcomings(bench.instance, AREA, found, bench.candidate())))
    assert first.endswith("nothing speaks for the circuit: no_entanglement 0.86 beats 0.8.")


def test_a_signal_efficiency_that_the_target_does_not_use_is_named(make_bench: Any) -> None:
    instance = make_bench().instance
    stated = replace(instance, asked=replace(instance.asked, parameters={"signal_efficiency": 0.5}))
    found = "`signal_efficiency` has no effect on"
    for metric, told in (("roc_auc", True), ("background_rejection", False)):
        target = Target(metric=metric, at_least=0.5)
        said = list(shortcomings(stated, target, FOUND, make_bench().candidate()))
        assert any(found in each for each in said) is told
