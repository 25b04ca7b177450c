"""The HPC and quantum tiers' prediction sets: verified, shown, and left out where rows are few."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.result import RawResult
from problems.prediction.ai import boosting
from problems.prediction.hpc.grids import Grid, SearchPlan
from problems.prediction.hpc.method import NestedCV
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import Search
from problems.prediction.hpc.set_search import set_search
from problems.prediction.loading import load_rows
from problems.prediction.models import artefact
from problems.prediction.models.feature_svm import FORMAT
from problems.prediction.prediction_sets.split_conformal import SetModel, selection_loss, split_conformal
from problems.prediction.prediction_sets.task_sets import TaskSetModel, stated_claim, task_sets
from problems.prediction.quantum.projected_sets import projected_sets
from problems.prediction.report.report import sections
from problems.prediction.tables.encoding import Rows
from problems.prediction.tables.instance import TableInstance, solver_view
from problems.prediction.tables.table import Column
from problems.prediction.tasks.task import Asking, Outcomes
from problems.prediction.verify.certify import certify
from toolbox.arrays import npy

TARGET = Target(metric="roc_auc", at_least=0.7)
GRIDS: dict[str, Grid] = {"ridge": [{"C": 0.1}, {"C": 1.0}], "nearest_neighbours": [{"n_neighbors": 11}]}
SMALL = SearchPlan(GRIDS, outer_folds=2, outer_repeats=1, inner_folds=2, replicates=20).to_json()


def solve(instance: TableInstance) -> Candidate:
    """The method by hand, its program on the one rank of this process."""
    from mpi4py import MPI

    from problems.prediction.hpc.nested_cv import run

    steps = NestedCV(ranks=1).solve(solver_view(instance, TARGET), 3)
    work = next(steps)
    assert isinstance(work, MpiProgram)
    inputs = {name: blob.data for name, blob in work.inputs.items()}
    output = run(MPI.COMM_SELF, {**work.params, "plan": SMALL}, inputs, Report())
    assert output is not None
    files = {name: Blob(data) for name, data in output.files.items()}
    with pytest.raises(StopIteration) as stopped:
        steps.send(RawResult(JobState.DONE, output.values, files))
    candidate: Candidate = stopped.value.value
    return candidate


@pytest.fixture(scope="module")
def instance() -> TableInstance:
    return load_rows({"dataset": "whas500"}, 1, Path())


@pytest.fixture(scope="module")
def candidate(instance: TableInstance) -> Candidate:
    return solve(instance)


def shown(instance: TableInstance, candidate: Candidate) -> str:
    attempt = Attempt(
        number=0,
        tier=Tier.HPC,
        method="nested_cv",
        backend="mpi",
        device_kind="classical",
        seed=1,
        quote=Quote(),
        status=AttemptStatus.NOT_CERTIFIED,
        certificate=certify(instance, TARGET, candidate, (), 0.05),
    )
    return "".join(section.html for section in sections(instance, TARGET, [(attempt, candidate)], attempt))


def test_nested_cross_validation_brings_sets_that_the_verifier_makes_again(
    instance: TableInstance, candidate: Candidate, as_npy: Any
) -> None:
    assert certify(instance, TARGET, candidate, (), 0.05).status in ("CERTIFIED", "BOUNDED")
    notes = candidate.notes["conformal"]
    assert (notes["promises"]["all"]["rows"], notes["coverage"]) == (100, 0.9)
    assert "200 open rows without these" in notes["model"]
    everything = as_npy(np.ones((len(instance.sealed_index), 2), bool))
    cheat = replace(candidate, files={**candidate.files, "sealed_sets": everything})
    assert certify(instance, TARGET, cheat, (), 0.05).status == "INVALID"


def test_the_report_shows_coverage_set_sizes_and_what_was_promised(
    instance: TableInstance, candidate: Candidate
) -> None:
    html = shown(instance, candidate)
    for words in (
        "nominal coverage",
        "mean set size",
        "100 rows",
        "probability 0.9 or more",
        "exact interval",
    ):
        assert words in html


def test_too_few_rows_bring_no_sets_and_the_report_says_so() -> None:
    small = load_rows({"dataset": "whas500", "sealed_fraction": 0.78}, 1, Path())
    found = solve(small)
    assert "sealed_sets" not in found.files
    assert "conformal" not in found.values
    assert found.notes["conformal"]["made"] is False
    html = shown(small, found)
    assert "No conformal prediction sets: expected at least 60 rows to calibrate on" in html


def rows_of(rows: int, positives: int) -> OpenRows:
    features = pd.DataFrame({"x": np.random.default_rng(1).normal(size=rows)})
    labels = (np.arange(rows) < positives).astype(np.int8)
    digests = tuple(f"{row:064x}" for row in range(rows))
    return OpenRows((Column("x", "number"),), features, labels, np.arange(rows), digests, features)


def test_the_set_model_never_sees_the_calibration_rows() -> None:
    whole = Search(rows_of(240, 90), SearchPlan(GRIDS), "roc_auc", 1, forward=False)
    twin = set_search(whole)
    assert twin.search is not None
    held = {whole.rows.digests[place] for place in twin.held}
    assert len(held) == 80
    assert not held & set(twin.search.rows.digests)
    assert len(held | set(twin.search.rows.digests)) == 240


@pytest.mark.parametrize(("positives", "model"), [(5, "svm_rbf"), (3, None)])
def test_a_rare_class_that_cannot_be_calibrated_in_folds_fails_no_attempt(
    positives: int, model: str | None
) -> None:
    plan = SearchPlan({"svm_rbf": [{"C": 1.0, "gamma": 0.3}]})
    twin = set_search(Search(rows_of(240, positives), plan, "brier", 1, forward=False))
    if model is None:  # 2 positive rows are left to train on: none to calibrate with in an inner fold
        assert twin.search is None
        assert "too few" in twin.because
    else:
        assert twin.search is not None
        assert np.isfinite(twin.search.tune(0)).all()


def test_quantum_sets_rest_on_a_machine_of_other_rows_and_say_what_the_bandwidth_costs() -> None:
    rng = np.random.default_rng(2)
    labels = (np.arange(200) % 2).astype(np.int8)
    frame = pd.DataFrame({"__label__": labels, "__group__": [str(row) for row in range(200)]})
    features = rng.normal(np.r_[labels, labels][:, None], 1.0, (400, 4))
    params = {"metric": "roc_auc", "time_ordered": False, "seed": 5}
    made = projected_sets(features, frame, params, 6)
    again = projected_sets(features, frame, params, 6)
    assert (made.files, made.values) == (again.files, again.values)
    assert made.values["conformal"]["model_format"] == FORMAT
    rows = made.notes["promises"]["all"]["rows"]
    assert 66 <= rows <= 68
    assert made.notes["coverage_lost_to_selection_at_most"] == selection_loss(int(rows), 6)
    assert "one of 6" in made.notes["caveat"]
    few = projected_sets(features[:180], frame.iloc[:90], params, 6)
    assert few.notes["made"] is False
    assert "90 open ones give" in few.notes["because"]


def test_what_is_promised_is_stated_for_the_verifier_to_test(
    instance: TableInstance, candidate: Candidate
) -> None:
    assert candidate.values["conformal"]["promised"] == {"all": 100}
    found: Any = certify(instance, TARGET, candidate, (), 0.05).evidence["sets"]
    assert (found["coverage"], found["refuted"]) == (0.9, False)


def test_groups_that_calibrate_count_as_independent_rows_only() -> None:
    rng = np.random.default_rng(1)
    labels = (np.arange(400) % 2).astype(np.int8)
    scores = np.clip(0.5 * labels + 0.5 * rng.random(400), 0, 1)
    made = SetModel("skops", b"", (scores, labels), scores, np.arange(400) // 4)
    assert split_conformal(made, 0.9, {}).values["conformal"]["promised"] == {
        "negative": 100,
        "positive": 100,
    }


def test_weighted_rows_get_no_sets_from_any_tier() -> None:
    rows = rows_of(240, 90)
    weighted = replace(rows, outcomes=Outcomes(rows.labels, weights=np.where(np.arange(240) < 40, 20.0, 1.0)))
    plan = SearchPlan(GRIDS)
    twin = set_search(Search(weighted, plan, "roc_auc", 1, forward=False))
    assert twin.search is None
    assert "rows are weighted" in twin.because
    frame = pd.DataFrame({"__label__": rows.labels, "__group__": "a", "__weight__": 2.0})
    params = {"metric": "roc_auc", "time_ordered": False, "seed": 5}
    assert "rows are weighted" in projected_sets(np.zeros((240, 2)), frame, params, 6).notes["because"]
    table = Rows(np.zeros((240, 1), np.float32), rows.labels, np.arange(240), np.ones(240))
    made = boosting._sets(SimpleNamespace(rows=table), None, {"seed": 1}, None)  # type: ignore[arg-type]
    assert "rows are weighted" in made.notes["because"]


@pytest.mark.parametrize(("least", "floor"), [(0.01, 0.0), (0.0, 0.0), (-0.01, None)])
def test_no_interval_goes_below_0_where_no_open_outcome_does(least: float, floor: float | None) -> None:
    asked = Asking("regression", parameters={"tolerance": 1.0})
    said = np.column_stack([np.where(np.arange(100) < 5, 0.3, 9.0), np.ones(100)])
    outcomes = Outcomes(said[:, 0] + np.random.default_rng(1).normal(0.0, 1.0, 100) * (said[:, 0] > 1))
    frame = pd.DataFrame({"x": np.zeros(100)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artefact, "scores", lambda *_: said)
        made = task_sets(
            TaskSetModel("f", b"", {}), (frame, outcomes), frame, asked, 0.9, time_ordered=False, least=least
        )
    sets = npy.load(made.files["sealed_sets"])
    claim = stated_claim(made.values["conformal"], asked)
    assert claim.floor == floor
    assert bool(sets.min() == 0.0) is (floor == 0.0)
    assert bool(sets.min() < 0) is (floor is None)
    assert claim.differing(sets, said, asked, 1e-9) == 0
    np.testing.assert_array_equal(claim.made(said, asked), sets)
    with pytest.raises(ValueError, match="no interval goes below"):
        stated_claim({**made.values["conformal"], "floor": "low"}, asked)
