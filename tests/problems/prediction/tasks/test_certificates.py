"""Candidates of each task: honest ones are certified, forged and malformed ones found, shortage said."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target
from problems.prediction.report.predictions import predictions
from problems.prediction.verify.judging import at_best
from tests.problems.prediction.tasks.conftest import LESS, npy
from toolbox.stats import multiclass, regression
from toolbox.stats.bounds import clopper_pearson_lower

REACHED = {
    "multiclass": {
        "accuracy": 0.5,
        "balanced_accuracy": 0.5,
        "macro_roc_auc": 0.8,
        "top_accuracy": 0.6,
        "log_loss": 1.0,
    },
    "ordinal": {"accuracy": 0.5, "weighted_kappa": 0.5, "level_error": 0.6, "ranked_probability_score": 0.3},
    "regression": {
        "mae": 2.0,
        "rmse": 4.0,
        "rank_correlation": 0.8,
        "within_tolerance": 0.9,
        "error_quantile": 0.6,
    },
}


@pytest.mark.parametrize("task", sorted(REACHED))
def test_an_honest_candidate_is_certified_by_every_metric_of_its_task(solve: Any, task: str) -> None:
    solved = solve(task)
    for metric, limit in REACHED[task].items():
        found = solved.certificate(metric, limit)
        assert found.status is CertificateStatus.CERTIFIED, (metric, found.value, found.reasons)
        assert (found.value > found.estimate) == (metric in LESS)
    assert found.evidence["task"] == task
    assert sum(found.evidence["kinds"].values()) == found.evidence["n_sealed"] == 120


def test_the_share_explained_is_certified_where_the_range_is_narrow(solve: Any) -> None:
    found = solve("regression", range=[-4, 4]).certificate("r_squared", 0.0)
    assert found.value < found.estimate
    assert "exact for bounded losses" in found.kind


@pytest.mark.parametrize("task", sorted(REACHED))
def test_predictions_that_the_model_does_not_give_are_forged(solve: Any, task: str) -> None:
    solved = solve(task)
    true = solved.instance.sealed_outcomes.values
    perfect = true.astype(float) if task == "regression" else np.eye(len(solved.instance.asked.classes))[true]
    forged = replace(solved.candidate, files={**solved.candidate.files, "sealed_scores": npy(perfect)})
    found = solved.certificate(next(iter(REACHED[task])), 0.5, forged)
    assert found.status is CertificateStatus.INVALID
    assert "forged predictions" in found.reasons[0]


def hostile(rows: int) -> dict[str, Blob]:
    half = np.full((rows, 4), 0.5)
    return {
        "sum to 2": npy(half),
        "negative": npy(half * [-1, 1, 1, 1]),
        "not a number": npy(np.full((rows, 4), np.nan)),
        "another shape": npy(np.full(rows, 0.25)),
        "too many rows": npy(np.full((rows + 1, 4), 0.25)),
        "another type": npy(np.full((rows, 4), 0.25, dtype=np.float32)),
        "no array": Blob(b"\x93NUMPY"),
        "nothing": Blob(b""),
    }


@pytest.mark.parametrize("case", sorted(hostile(1)))
def test_what_is_no_prediction_of_a_class_is_found_and_raises_nothing(solve: Any, case: str) -> None:
    solved = solve("multiclass")
    files = {**solved.candidate.files, "sealed_scores": hostile(120)[case]}
    found = solved.certificate("accuracy", 0.5, replace(solved.candidate, files=files))
    assert found.status is CertificateStatus.INVALID
    assert "sealed_scores" in found.reasons[0]


def test_numbers_that_cannot_be_squared_are_no_predictions(solve: Any) -> None:
    solved = solve("regression")
    files = {**solved.candidate.files, "sealed_scores": npy(np.full(120, 1e300))}
    found = solved.certificate("rank_correlation", 0.5, replace(solved.candidate, files=files))
    assert found.status is CertificateStatus.INVALID


def test_a_model_of_another_task_gives_no_predictions_of_this_one(solve: Any) -> None:
    numbers, solved = solve("regression"), solve("multiclass")
    files = {**solved.candidate.files, "model": numbers.candidate.files["model"]}
    found = solved.certificate("accuracy", 0.5, replace(solved.candidate, files=files))
    assert found.status is CertificateStatus.INVALID


@pytest.mark.parametrize("task", sorted(REACHED))
def test_a_null_control_is_compared_by_the_metric(solve: Any, task: str) -> None:
    solved = solve(task)
    from sklearn.dummy import DummyClassifier, DummyRegressor

    from toolbox.models.skops_file import dump_estimator

    rows = solved.instance.frame.iloc[solved.instance.open_index]
    blind: Any = DummyRegressor() if task == "regression" else DummyClassifier()
    blind.fit(rows[["x0", "x1"]], rows["__label__"])
    sealed = solved.instance.sealed_features[["x0", "x1"]]
    scores = blind.predict(sealed) if task == "regression" else blind.predict_proba(sealed)
    files = {**solved.candidate.files, "model": Blob(dump_estimator(blind)), "sealed_scores": npy(scores)}
    control = replace(solved.candidate, files=files)
    for metric, limit in REACHED[task].items():
        for one, other in ((solved.candidate, control), (control, solved.candidate)):
            found = solved.certificate(metric, limit, replace(one, controls={"other": other}))
            (compared,) = found.controls
            assert (compared.difference > 0) == (one is solved.candidate), metric
            assert (compared.p_value < 0.01) == (one is solved.candidate), metric


def best(instance: Any, metric: str, limit: float) -> Any:
    side = "at_most" if metric in LESS else "at_least"
    return at_best(instance, Target.model_validate({"metric": metric, side: limit}), 0.05)


def test_what_rows_can_show_at_best_is_the_bound_of_no_error(load: Any) -> None:
    assert best(load("multiclass"), "accuracy", 0.5).value == pytest.approx(0.05 ** (1 / 120))
    found = best(load("regression"), "within_tolerance", 0.999)
    assert found.value == pytest.approx(clopper_pearson_lower(120, 120, 0.05))
    assert not found.reaches
    assert "on 120 rows kept aside no within_tolerance above 0.975" in found.said[0]
    assert "about 3,000 such rows would do" in found.said[0]  # ln 0.05 / ln 0.999 = 2994


def test_a_quantile_that_so_few_rows_cannot_bound_is_said_beforehand(load: Any, solve: Any) -> None:
    assert regression.least_rows(0.99, 0.05) > 120
    found = best(load("regression", quantile=0.99), "error_quantile", 1.0)
    assert found.value is None
    assert "no bound of error_quantile is finite on so few rows kept aside (120)" in found.said[0]
    certificate = solve("regression", quantile=0.99).certificate("error_quantile", 1.0)
    assert certificate.status is CertificateStatus.HEURISTIC
    assert certificate.value is None


def test_the_rarest_class_is_named_where_rows_are_too_few(load: Any) -> None:
    (said,) = best(load("ordinal"), "accuracy", 0.99).said
    assert "of class '" in said


def test_few_large_sites_are_judged_as_sites_whatever_the_task(load: Any, table: Any) -> None:
    # 15 sites of 20 rows, 6 kept aside
    frame = table.assign(site=[f"s{row % 15}" for row in range(len(table))])
    instance = load("regression", frame, group="site")
    assert instance.by_site
    found = best(instance, "within_tolerance", 0.5)
    # 6 sites that count: the worst of their own limits at 90 %, of 20 rows each without an error
    assert found.value == pytest.approx(0.1 ** (1 / 20))


def test_predictions_are_a_table_with_a_column_for_each_class(solve: Any) -> None:
    solved = solve("multiclass")
    lines = predictions(solved.instance, solved.candidate)["predictions.csv"].decode().splitlines()
    assert lines[0] == "row,probability of cat,probability of dog,probability of owl,probability of yak"
    assert len(lines) == 121
    assert sum(float(share) for share in lines[1].split(",")[1:]) == pytest.approx(1, abs=1e-4)


def test_the_log_loss_at_best_is_that_of_the_betting_bound(load: Any) -> None:
    found = best(load("multiclass"), "log_loss", 1.0)
    assert 0 < found.value < 0.04 * -np.log(multiclass.FLOOR)
