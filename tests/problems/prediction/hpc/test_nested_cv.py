"""Nested cross-validation against scikit-learn's own, and its bits over 1, 2 and 4 MPI ranks."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.inputs.settings import Settings
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Target, Tier
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.registry import backends, resolve
from problems.prediction.hpc.grids import Grid, SearchPlan
from problems.prediction.hpc.method import NestedCV
from problems.prediction.hpc.nested_cv import _choose
from problems.prediction.hpc.open_rows import OpenRows, read_rows
from problems.prediction.hpc.search import Search
from problems.prediction.loading import load_rows
from problems.prediction.models.artefact import scores
from problems.prediction.models.pipelines import base_model, positive_probabilities, preprocessing
from problems.prediction.tables.instance import solver_view
from problems.prediction.tables.table import Column, TableView
from toolbox.mpi.task_queue import longest_first
from toolbox.stats.bootstrap import Estimator
from toolbox.stats.weighted_metrics import weighted_auc, weighted_metric

GRIDS: dict[str, Grid] = {
    "ridge": [{"C": 0.01}, {"C": 1.0}],
    "svm_rbf": [{"C": 1.0, "gamma": 0.3}, {"C": 10.0, "gamma": 0.1}],
    "nearest_neighbours": [{"n_neighbors": 11}, {"n_neighbors": 5}],
}
SMALL = SearchPlan(GRIDS, outer_folds=3, outer_repeats=2, inner_folds=2, replicates=60)

PROGRAM = """
import json, sys
from pathlib import Path
from mpi4py import MPI
from escalation.model.report import Report
from problems.prediction.hpc.nested_cv import run
folder, world = Path(sys.argv[1]), MPI.COMM_WORLD
assert world.Get_size() == 4
inputs = {name: (folder / name).read_bytes() for name in ("open_rows", "sealed_rows")}
for ranks in (4, 2, 1):  # the largest first: lazy imports then happen on all at once
    inside = world.Get_rank() < ranks
    comm = world.Split(0 if inside else MPI.UNDEFINED)
    if not inside:
        continue
    assert comm.Get_size() == ranks
    output = run(comm, json.loads((folder / "params").read_text()), inputs, Report())
    if output is None:
        continue
    (folder / f"values-{ranks}").write_text(json.dumps(output.values, allow_nan=False))
    for name, data in {**output.files, **output.evidence}.items():
        (folder / f"{name}-{ranks}").write_bytes(data)
"""


@pytest.fixture(scope="module")
def view() -> TableView:
    instance = load_rows({"dataset": "whas500", "sealed_fraction": 0.6}, 1, Path())
    return solver_view(instance, Target(metric="roc_auc", at_least=0.7))


@pytest.fixture(scope="module")
def search(view: TableView) -> Search:
    columns = [column.to_json() for column in view.columns]
    rows = read_rows(columns, {"open_rows": view.open_rows.data, "sealed_rows": view.sealed_rows.data})
    return Search(rows, SMALL, "roc_auc", 11, forward=False)


@pytest.fixture(scope="module")
def runs(view: TableView, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the program ran on 1, 2 and 4 ranks of one launch: imports are most of a start."""
    folder = tmp_path_factory.mktemp("ranks")
    params = {
        "columns": [column.to_json() for column in view.columns],
        "plan": SMALL.to_json(),
        "metric": "roc_auc",
        "seed": 11,
        "time_ordered": False,
    }
    (folder / "params").write_text(json.dumps(params))
    (folder / "open_rows").write_bytes(view.open_rows.data)
    (folder / "sealed_rows").write_bytes(view.sealed_rows.data)
    launcher = Path(sys.executable).with_name("mpiexec")
    command = [str(launcher), "-n", "4", sys.executable, "-c", PROGRAM, str(folder)]
    subprocess.run(command, check=True, timeout=240, capture_output=True)
    return folder


@pytest.mark.parametrize(
    "name", ["values", "model", "sealed_scores", "train_rows", "sealed_sets", "set_model"]
)
def test_one_two_and_four_ranks_give_the_same_bytes(runs: Path, name: str) -> None:
    one, two, four = ((runs / f"{name}-{ranks}").read_bytes() for ranks in (1, 2, 4))
    assert len(one) > 0
    assert one == two == four


def test_every_rank_works_and_the_scaling_curve_says_what_was_measured(runs: Path) -> None:
    report = json.loads((runs / "scaling.json-2").read_text())
    assert report["ranks"] == 2
    assert all(seconds > 0 for seconds in report["measured"]["busy_s"])
    assert [phase["tasks"] for phase in report["measured"]["phases"]] == [
        48,
        20,
        3,
    ]  # (6 outer folds, all rows, set model)·2·3, 6·3 + 2, 60 / 25
    speed_ups = [point["speed_up"] for point in report["predicted"]]
    assert speed_ups[0] == pytest.approx(1.0)
    assert speed_ups == sorted(speed_ups)


def test_sealed_scores_come_from_the_model_bytes(runs: Path, view: TableView) -> None:
    sealed = pd.read_parquet(io.BytesIO(view.sealed_rows.data))
    stated = np.load(io.BytesIO((runs / "sealed_scores-1").read_bytes()))
    assert np.array_equal(stated, scores("skops", (runs / "model-1").read_bytes(), sealed))
    rows = (runs / "train_rows-1").read_bytes()
    assert len(rows) == 32 * view.n_open


def estimator(search: Search, model: str, params: dict[str, Any], features: int) -> Any:
    from sklearn.pipeline import Pipeline

    base = base_model(model, params, features, search.metric, search._model_seed)
    return Pipeline([("prepare", preprocessing(search.rows.columns)), ("model", base)])


@pytest.mark.parametrize("model", ["ridge", "svm_rbf", "nearest_neighbours"])
def test_tuning_agrees_with_grid_search(search: Search, model: str) -> None:
    from sklearn.model_selection import GridSearchCV

    features = preprocessing(search.rows.columns).fit_transform(search.rows.features).shape[1]
    for one in (0, len(search.rounds) - 1):
        tasks = [i for i, task in enumerate(search.tuning_tasks) if task[0] == one and task[2] == model]
        ours = np.mean([search.tune(number) for number in tasks], axis=0)
        twins = [
            GridSearchCV(
                estimator(search, model, params, features), {}, scoring="roc_auc", cv=search.inner[one]
            )
            .fit(search.rows.features, search.rows.labels)
            .best_score_
            for params in GRIDS[model]
        ]
        assert ours == pytest.approx(twins, abs=1e-12)


def test_outer_predictions_agree_with_cross_val_predict(search: Search) -> None:
    from sklearn.model_selection import cross_val_predict

    first = [number for number, one in enumerate(search.rounds) if one.repeat == 0]
    features = preprocessing(search.rows.columns).fit_transform(search.rows.features).shape[1]
    pairs = [(search.rounds[n].train, search.rounds[n].test) for n in first]
    model = estimator(search, "ridge", {"C": 1.0}, features)
    rows, labels = search.rows.features, search.rows.labels
    twin = cross_val_predict(model, rows, labels, cv=pairs, method="predict_proba")[:, 1]
    for number in first:
        ours = search.test(number, "ridge", {"C": 1.0})
        assert ours == pytest.approx(twin[search.rounds[number].test], abs=1e-12)


def test_the_first_of_equal_settings_is_chosen() -> None:
    scores_of = {"ridge": [np.array([0.7, 0.8])] * 2, "svm_rbf": [np.array([0.8, 0.8])] * 2}
    choice = _choose(SearchPlan(GRIDS), scores_of)
    assert (choice.model, choice.settings) == ("ridge", {"ridge": {"C": 1.0}, "svm_rbf": GRIDS["svm_rbf"][0]})


def outlier_rows() -> OpenRows:
    features = pd.DataFrame({"x": np.r_[np.zeros(30), np.full(30, 1e6)]})
    labels, digests = np.tile([0, 1], 30).astype(np.int8), tuple(f"{row:064x}" for row in range(60))
    return OpenRows((Column("x", "number"),), features, labels, np.arange(60), digests, features)


def test_preprocessing_sees_training_rows_only() -> None:
    search = Search(outlier_rows(), SearchPlan({"ridge": [{"C": 1.0}]}), "roc_auc", 1, forward=True)
    train, _ = search.inner[0][0]
    assert train.max() < 30
    pipeline = search.train(0, "ridge", {"C": 1.0})
    scaler = pipeline.named_steps["prepare"].named_transformers_["numbers"][-1]
    assert search.rounds[0].train.max() < 30
    assert scaler.mean_.tolist() == [0.0]  # not one of the later rows of a million


@pytest.mark.parametrize("metric", ["brier", "balanced_accuracy"])
def test_kernel_models_become_probabilities_where_the_metric_needs_them(search: Search, metric: str) -> None:
    other = Search(search.rows, SMALL, metric, 11, forward=False)
    pipeline = other.train(0, "svm_rbf", {"C": 1.0, "gamma": 0.3})
    held_out = search.rows.features.iloc[other.rounds[0].test]
    found = positive_probabilities(pipeline, held_out)
    prevalence = {"brier": search.rows.labels.mean(), "balanced_accuracy": 0.5}[metric]
    assert found.mean() == pytest.approx(prevalence, abs=0.1)


def test_rows_in_order_of_time_are_calibrated_on_later_rows(search: Search) -> None:
    other = Search(search.rows, SMALL, "brier", 11, forward=True)
    for one in other.rounds[:-1]:
        assert one.train.max() < one.test.min()
    found = other.test(1, "svm_rbf", {"C": 1.0, "gamma": 0.3})
    assert np.all((found > 0) & (found < 1))


def test_weighted_auc_is_the_share_of_pairs_won_within_folds() -> None:
    rng = np.random.default_rng(5)
    labels, values = rng.integers(0, 2, 60).astype(np.int8), rng.integers(0, 6, 60).astype(float)
    weights, folds = rng.integers(0, 3, 60).astype(float), rng.integers(0, 3, 60)
    slow = []
    for fold in range(3):
        won = total = 0.0
        for i in np.flatnonzero((labels == 1) & (folds == fold)):
            for j in np.flatnonzero((labels == 0) & (folds == fold)):
                won += weights[i] * weights[j] * ((values[i] > values[j]) + 0.5 * (values[i] == values[j]))
                total += weights[i] * weights[j]
        slow.append(won / total)
    assert weighted_auc(labels, values, weights, folds) == pytest.approx(np.mean(slow), abs=1e-12)


def test_metrics_at_one_half_by_hand() -> None:
    labels, values = np.array([1, 1, 1, 0, 0], dtype=np.int8), np.array([0.9, 0.6, 0.2, 0.5, 0.1])
    found = {
        name: weighted_metric(name, labels, values)
        for name in ("accuracy", "sensitivity", "specificity", "balanced_accuracy", "brier")
    }
    by_hand = {
        "accuracy": 3 / 5,
        "sensitivity": 2 / 3,
        "specificity": 1 / 2,
        "balanced_accuracy": 7 / 12,
        "brier": (0.01 + 0.16 + 0.64 + 0.25 + 0.01) / 5,
    }
    assert found == pytest.approx(by_hand)


def test_bootstrap_draws_whole_groups_and_keeps_the_classes() -> None:
    labels = np.array([1, 1, 0, 0, 0, 0, 1, 0], dtype=np.int8)
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    estimator = Estimator("roc_auc", labels, groups, np.zeros((1, 8), dtype=np.intp), seed=4)
    for number in range(20):
        weights = estimator.weights(number)
        assert all(len(set(weights[groups == group])) == 1 for group in range(4))
        assert weights[groups == 0].sum() == 2  # the only group of positives alone
        assert weights[(groups == 1) | (groups == 2)].sum() == 4
    assert not np.array_equal(estimator.weights(0), estimator.weights(1)) or not np.array_equal(
        estimator.weights(0), estimator.weights(2)
    )


@pytest.mark.parametrize("metric", ["roc_auc", "brier"])
def test_replicates_are_those_of_one_at_a_time(metric: str) -> None:
    random = np.random.default_rng(3)
    labels, groups = (random.random(60) < 0.4).astype(np.int8), np.arange(60) // 2
    folds = np.stack([np.arange(60) % 3, random.integers(-1, 3, 60)])
    estimator = Estimator(metric, labels, groups, folds, seed=4)
    series = random.random((2, 2, 60)).round(1)  # with ties
    one = [[estimator.estimate(said, estimator.weights(number)) for said in series] for number in range(5)]
    assert estimator.replicates(series, range(5)) == pytest.approx(np.array(one))


def test_longest_tasks_are_dealt_first_to_the_least_loaded_rank() -> None:
    assert longest_first([2.0, 7.5, 4.0, 3.0], 2) == [[1], [2, 3, 0]]  # 7 against 7.5, so the last goes there


@pytest.fixture
def mpi() -> Iterator[Device]:
    backend = resolve(backends()["mpi"].backend)(Settings(), None)
    yield backend
    backend.close()


def test_the_method_yields_one_program_and_makes_a_candidate_of_its_result(
    view: TableView, mpi: Device
) -> None:
    method = NestedCV(ranks=2)
    solving = method.solve(view, 3)
    work = next(solving)
    assert isinstance(work, MpiProgram)
    assert (method.tier, work.resources.ranks, work.params["seed"]) == (Tier.HPC, 2, 3)
    assert method.quote(view, mpi).amounts.wall_s == work.resources.wall_s
    files = {name: Blob(name.encode()) for name in ("model", "sealed_scores", "train_rows")}
    done = RawResult(
        JobState.DONE,
        {"model_format": "skops", "chosen": "ridge (C 1)"},
        files,
        evidence={"scaling.json": Blob(b'{"ranks": 2}')},
    )
    with pytest.raises(StopIteration) as stopped:
        solving.send(done)
    candidate = stopped.value.value
    assert isinstance(candidate, Candidate)
    assert candidate.values == {"model_format": "skops", "chosen": "ridge (C 1)"}
    assert candidate.notes == {"scaling": {"ranks": 2}}


def test_a_failed_program_is_no_candidate(view: TableView) -> None:
    solving = NestedCV().solve(view, 3)
    next(solving)
    with pytest.raises(TierwiseError, match="rank 1: out of memory"):
        solving.send(RawResult(JobState.FAILED, error="rank 1: out of memory"))
