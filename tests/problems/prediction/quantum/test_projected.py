"""Choosing rows, encoding and bandwidth inside the training data, and the machines on features."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from escalation.model.identity import digest_bytes
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.models import artefact
from problems.prediction.models.feature_svm import FORMAT, FeatureSvm, Tuned, fit, make_folds, tune
from problems.prediction.quantum.constructed import BANDWIDTH, make
from problems.prediction.quantum.projected import choose, row_digests
from problems.prediction.quantum.training import fitting_of, task_positions, training, training_positions
from problems.prediction.tables.table import Column
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.stats.splits import LEAST_GROUPS

Chosen = tuple[dict[str, Any], dict[str, bytes], Output]
Rings = tuple[Floats, NDArray[np.int8]]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the local backend runs it."""
    with threadpool_limits(1):
        yield


class Listener(Report):
    def __init__(self) -> None:
        self.told: list[float] = []

    def __call__(self, fraction: float, message: str = "") -> None:
        self.told.append(fraction)


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def chosen() -> Chosen:
    frame, _ = make({"rows": 160, "qubits": 4, "flip": 0.0}, 2)
    names = [f"x{i}" for i in range(4)]
    rows = frame[names].copy()
    rows["__row__"] = [digest_bytes(row.tobytes()) for row in frame[names].to_numpy()]
    rows["__group__"] = rows["__row__"]
    rows["__label__"] = (frame["label"] == "b").astype("int8")
    params = {
        "columns": [Column(name, "number").to_json() for name in names],
        "qubits": 4,
        "layers": 2,
        "native": True,
        "metric": "roc_auc",
        "time_ordered": False,
        "most_rows": 80,
        "seed": 4,
    }
    open_rows, sealed = rows.iloc[:100], rows.iloc[100:].drop(columns="__label__")
    inputs = {"open_rows": parquet(open_rows), "sealed_rows": parquet(sealed)}
    return params, inputs, choose(params, inputs, Report())


def test_the_bandwidth_that_made_the_labels_is_found(chosen: Chosen) -> None:
    _, _, output = chosen
    assert output.values["encoding"]["bandwidth"] == BANDWIDTH
    scores = {entry["bandwidth"]: entry["score"] for entry in output.values["history"]}
    assert scores[BANDWIDTH] == max(scores.values()) > 0.9


def test_parameters_are_those_of_training_rows_then_sealed_rows(chosen: Chosen) -> None:
    _, inputs, output = chosen
    rows = npy.load(output.files["rows"])
    assert len(rows) == 80
    assert (np.diff(rows) > 0).all()
    features = [pd.read_parquet(io.BytesIO(inputs[name])) for name in ("open_rows", "sealed_rows")]
    x = np.vstack([features[0].iloc[rows][["x0", "x1", "x2", "x3"]], features[1][["x0", "x1", "x2", "x3"]]])
    fields = 3.0 * x
    np.testing.assert_allclose(npy.load(output.files["control"]), fields, atol=1e-9)
    both = np.hstack([fields, fields[:, :3] * fields[:, 1:]])
    np.testing.assert_allclose(npy.load(output.files["circuit"]), both, atol=1e-9)


def test_sealed_rows_do_not_influence_the_choice_and_progress_is_told(chosen: Chosen) -> None:
    params, inputs, output = chosen
    sealed = pd.read_parquet(io.BytesIO(inputs["sealed_rows"]))
    sealed[["x0", "x1", "x2", "x3"]] *= -7.0
    listener = Listener()
    other = choose(params, {**inputs, "sealed_rows": parquet(sealed)}, listener)
    assert other.values == output.values
    assert other.files["rows"] == output.files["rows"]
    assert listener.told == sorted(listener.told)
    assert listener.told[-1] == 1.0


def test_more_qubits_than_can_be_simulated_are_refused(chosen: Chosen) -> None:
    params, _, _ = chosen
    names = [f"x{i}" for i in range(13)]
    values = np.random.default_rng(0).normal(size=(30, 13))
    frame = pd.DataFrame(values, columns=names)
    frame = frame.assign(
        __label__=np.array([0, 1] * 15, dtype=np.int8), __group__=[str(i) for i in range(30)]
    )
    columns = [Column(name, "number").to_json() for name in names]
    with pytest.raises(ValueError, match="expected 1 to 12 qubits"):
        choose(
            {**params, "columns": columns, "qubits": 13},
            {"open_rows": parquet(frame), "sealed_rows": parquet(frame)},
            Report(),
        )


@settings(max_examples=50, deadline=None)
@given(
    positive=st.integers(2, 60),
    negative=st.integers(2, 300),
    most=st.integers(20, 200),
    seed=st.integers(0, 99),
)
def test_training_rows_keep_the_classes_shares(positive: int, negative: int, most: int, seed: int) -> None:
    labels = np.array([1] * positive + [0] * negative, dtype=np.int8)
    rows = training_positions(labels, np.arange(len(labels)), False, most, seed)
    assert len(rows) == len(set(rows.tolist())) == min(most, len(labels))
    kept = int(labels[rows].sum())
    assert min(kept, len(rows) - kept) >= min(5, positive, negative)
    if len(labels) > most and kept > LEAST_GROUPS and len(rows) - kept > LEAST_GROUPS:
        assert kept == pytest.approx(most * positive / len(labels), abs=1)


def test_of_rows_ordered_by_time_the_last_are_taken() -> None:
    labels = np.zeros(10, np.int8)
    assert training_positions(labels, np.arange(10), True, 3, 0).tolist() == [7, 8, 9]


def test_of_rows_ordered_by_time_a_class_that_died_out_stays() -> None:
    labels = (np.arange(300) < 40).astype(np.int8)  # the last 200 rows hold none of it
    rows = training_positions(labels, np.arange(300), True, 200, 0)
    assert rows.tolist() == [*range(30, 40), *range(110, 300)]


def test_row_digests_are_sorted_raw_sha256() -> None:
    rows = [digest_bytes(b"b"), digest_bytes(b"a")]
    assert row_digests(rows) == b"".join(sorted(bytes.fromhex(row) for row in rows))


@pytest.fixture(scope="module")
def rings() -> Rings:
    """Two rings: an RBF machine separates them, a linear model cannot."""
    rng = np.random.default_rng(8)
    angle, inner = rng.uniform(0, 2 * np.pi, 120), np.arange(120) % 2 == 0
    radius = np.where(inner, 1.0, 2.0) + rng.normal(0, 0.25, 120)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), inner.astype(np.int8)


def fitted(rings: Rings, metric: str = "roc_auc") -> tuple[Tuned, FeatureSvm]:
    features, labels = rings
    folds = make_folds(labels, [str(i) for i in range(len(labels))], False, 0)
    tuned = tune(features, labels, folds, metric)
    return tuned, fit(features, labels, tuned, metric)


def test_probabilities_are_sklearns_decision_values_through_a_logistic(rings: Rings) -> None:
    features, labels = rings
    tuned, machine = fitted(rings)
    # independent: scikit-learn's own RBF machine and its unpenalised logistic regression
    reference = SVC(C=tuned.cost, gamma=tuned.gamma, class_weight="balanced").fit(features, labels)
    logits = machine.calibration.a * reference.decision_function(features) + machine.calibration.c
    np.testing.assert_allclose(machine.probabilities(features), 1 / (1 + np.exp(-logits)), rtol=1e-6)
    # Platt's smoothed targets, as weighted rows of both classes
    above, below = (labels.sum() + 1) / (labels.sum() + 2), 1 / ((1 - labels).sum() + 2)
    target = np.where(labels[tuned.held] == 1, above, below)
    twice = np.tile(tuned.decisions, 2)[:, None], np.repeat([1, 0], len(target))
    platt = LogisticRegression(C=np.inf, tol=1e-10).fit(*twice, np.concatenate([target, 1 - target]))
    assert machine.calibration.a == pytest.approx(platt.coef_[0, 0], rel=1e-3)


def test_out_of_fold_decisions_are_of_machines_that_never_saw_the_row(rings: Rings) -> None:
    features, labels = rings
    tuned, _ = fitted(rings)
    folds = make_folds(labels, [str(i) for i in range(len(labels))], False, 0)
    train, test = folds[1]
    reference = SVC(C=tuned.cost, gamma=tuned.gamma, class_weight="balanced").fit(
        features[train], labels[train]
    )
    mine = tuned.decisions[np.isin(tuned.held, test)]
    np.testing.assert_allclose(mine, reference.decision_function(features[test]), rtol=1e-6, atol=1e-9)


def test_a_machine_survives_its_bytes_and_the_verifiers_scorer_reads_them(rings: Rings) -> None:
    features, _ = rings
    _, machine = fitted(rings)
    data = machine.to_bytes()
    assert FeatureSvm.from_bytes(data).to_bytes() == data
    rows = pd.DataFrame(index=range(len(features)))
    np.testing.assert_array_equal(
        artefact.scores(FORMAT, data, rows, features), machine.probabilities(features)
    )
    with pytest.raises(ValueError, match="expected the features"):
        artefact.scores(FORMAT, data, rows, None)
    with pytest.raises(ValueError, match=r"expected features of shape \(rows, 2\)"):
        artefact.scores(FORMAT, data, rows, features[:, :1])
    with pytest.raises(ValueError, match="expected a model archive"):
        FeatureSvm.from_bytes(b"no model")


def test_balanced_metrics_take_the_prior_out(rings: Rings) -> None:
    features, labels = rings
    keep = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:20]])
    rare = features[keep], labels[keep]
    plain, balanced = fitted(rare)[1], fitted(rare, "balanced_accuracy")[1]
    assert plain.calibration.prior_shift == 0.0
    assert balanced.calibration.prior_shift == pytest.approx(np.log(60 / 20))


def test_groups_stay_together_and_time_looks_forward() -> None:
    labels = np.array([0, 1] * 20, dtype=np.int8)
    groups = [str(i // 4) for i in range(40)]
    for train, test in make_folds(labels, groups, False, 0):
        assert not {groups[i] for i in train} & {groups[i] for i in test}
    for train, test in make_folds(labels, [str(i) for i in range(40)], True, 0):
        assert train.max() < test.min()


def test_one_group_a_class_is_too_little_to_tune_on() -> None:
    with pytest.raises(ValueError, match="at least 2 groups"):
        make_folds(np.array([0, 0, 1], dtype=np.int8), ["a", "b", "c"], False, 0)


@pytest.mark.parametrize("forward", [False, True])
def test_of_a_rare_class_as_many_rows_are_drawn_as_of_the_other_and_weigh_what_they_stand_for(
    forward: bool,
) -> None:
    labels = (np.arange(1000) % 20 == 0).astype(np.int8)  # 50 of 1,000
    frame = pd.DataFrame({"x": np.arange(1000.0), "__label__": labels})
    frame["__group__"] = [str(row) for row in range(1000)]
    asked = {"task": "binary", "classes": ["no", "yes"], "parameters": {}}
    task = {"columns": [Column("x", "number").to_json()], "metric": "average_precision", "asked": asked}
    rows = fitting_of(frame, task)
    drawn = task_positions(rows, np.arange(1000), forward, 200, 3)
    assert np.bincount(labels[drawn]).tolist() == [150, 50]
    assert forward == (drawn[labels[drawn] == 0].min() > 800)
    learnt = training(frame, drawn, forward, 1, task).fitting
    assert learnt is not None
    weights = np.asarray(learnt.outcomes.weights)
    assert weights.mean() == pytest.approx(1.0)
    assert weights @ labels[drawn] / weights.sum() == pytest.approx(0.05)
