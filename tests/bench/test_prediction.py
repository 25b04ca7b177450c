"""Predictions that come from outside: bounded as ours are, refused where they are no predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.prediction import judging, lines, outside, sets, summary
from bench.prediction.handing import hand
from bench.prediction.judging import Judge
from escalation.model.errors import BadInput
from problems.prediction.family import Prediction
from toolbox.arrays.types import Floats
from toolbox.stats import auc

ROWS = 120


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Any:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=ROWS)
    label = (noise + rng.normal(size=ROWS) > 0).astype(int)
    rows = pd.DataFrame({"x": noise, "kind": rng.choice(["a", "b"], ROWS), "sick": label})
    folder = tmp_path_factory.mktemp("rows")
    rows.to_csv(folder / "rows.csv", index=False)
    return Prediction().load({"csv": "rows.csv", "target": "sick"}, 1, folder)


@pytest.fixture(scope="module")
def judge(instance: Any) -> Judge:
    return Judge.of(instance, "roc_auc", seed=1)


@pytest.fixture(scope="module")
def scores(instance: Any) -> Floats:
    found = instance.sealed_features["x"].to_numpy()
    return np.asarray((found - found.min()) / np.ptp(found), dtype=np.float64)


def test_a_file_of_predictions_is_bounded_as_a_certificate_bounds_them(
    instance: Any, judge: Judge, scores: Floats, tmp_path: Path
) -> None:
    np.save(tmp_path / "predictions.npy", scores)
    found = judge.judge(judge.read(tmp_path / "predictions.npy"))
    labels = instance.sealed_labels
    pairs = scores[labels == 1][:, None] > scores[labels == 0][None, :]
    assert found.estimate == pytest.approx(pairs.mean(), abs=1e-12)  # no two scores are equal
    assert 0.5 < found.bound < found.estimate
    assert judge.judge(labels.astype(np.float64)).estimate == 1.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda scores: scores[:-1], r"expected the shape \(48,\), got \(47,\)"),
        (lambda scores: np.column_stack([1 - scores, scores]), r"expected the shape \(48,\), got \(48, 2\)"),
        (lambda scores: scores + 1, "expected probabilities from 0 to 1"),
        (lambda scores: np.where(scores < 0.5, np.nan, scores), "NaN"),
    ],
)
def test_what_has_another_shape_or_is_no_probability_is_refused(
    judge: Judge, scores: Floats, tmp_path: Path, change: Any, said: str
) -> None:
    np.save(tmp_path / "predictions.npy", change(scores))
    with pytest.raises(BadInput, match=said):
        judge.read(tmp_path / "predictions.npy")


def test_what_is_no_file_of_numbers_is_refused(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "predictions.npy").write_bytes(b"0.5\n0.7\n")
    with pytest.raises(BadInput, match="expected a file of NumPy"):
        judge.read(tmp_path / "predictions.npy")


def test_others_are_handed_no_outcome_of_the_rows_they_predict(instance: Any, tmp_path: Path) -> None:
    hand(instance, "roc_auc", 1, tmp_path)
    known, new = (pd.read_parquet(tmp_path / f"{part}.parquet") for part in ("open", "sealed"))
    assert list(new.columns) == ["x", "kind"]
    assert list(known.columns) == ["x", "kind", "__label__"]
    assert (len(known), len(new)) == (72, 48)
    assert known["__label__"].tolist() == instance.open_labels.tolist()


def test_the_script_of_the_others_predicts_in_the_shape_that_is_judged(
    instance: Any, judge: Judge, tmp_path: Path
) -> None:
    hand(instance, "roc_auc", 1, tmp_path)
    given = outside.read(tmp_path)
    found = judge.judge(np.asarray(outside.linear(given, 0.0)))
    assert found.estimate > 0.65


def test_the_jackknife_gives_the_error_of_a_difference_of_areas(judge: Judge, scores: Floats) -> None:
    other = np.random.default_rng(5).uniform(size=len(scores))
    one, two = (judge.without_each(each) for each in (scores, other))
    labels = judge.rows.outcomes.values.astype(np.int64)
    first, second = auc.placements(labels, scores), auc.placements(labels, other)
    sides = (first.positive - second.positive, first.negative - second.negative)
    delong = np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides))  # DeLong et al. 1988
    assert judging.error_of_difference(one, two) == pytest.approx(float(delong), rel=0.1)


def test_places_share_ties_and_put_who_has_no_answer_last() -> None:
    estimates = {"a": 0.9, "b": 0.8, "c": 0.9, "d": None}
    assert judging.ranks(estimates, 1.0) == {"a": 1.5, "b": 3.0, "c": 1.5, "d": 4.0}
    assert judging.ranks({"a": 2.0, "b": 3.0}, -1.0) == {"a": 1.0, "b": 2.0}


def test_a_run_goes_on_after_half_a_line(tmp_path: Path) -> None:
    kept = lines.Lines(tmp_path)
    line = lines.Line("pima", "forest", 1.0, 2.0, 0.8, 0.7, "m", "s", "predictions/pima.forest.npy")
    kept.add(line, np.zeros(3))
    with (tmp_path / "lines.jsonl").open("a") as file:
        file.write('{"table": "pi')
    kept.add(line, None)
    assert list(kept.read()) == [line, line]
    assert (tmp_path / line.predictions).exists()


def test_seconds_to_a_score_are_the_least_at_which_it_was_reached() -> None:
    def at(label: str, wall_s: float, estimate: float | None) -> lines.Line:
        return lines.Line("pima", label, wall_s, 0.0, estimate, None, "", "", "")

    of = {line.contestant: line for line in (at("flaml 3 s", 3, 0.7), at("flaml 20 s", 20, 0.8))}
    assert summary.until(of, "flaml", 0.75, 1.0) == 20
    assert summary.until(of, "flaml", 0.7, 1.0) == 3
    assert summary.until(of, "flaml", 0.9, 1.0) is None


def test_at_least_twenty_tables_and_one_set_of_every_source() -> None:
    sources = ("dataset", "csv", "npz", "series", "omics", "molecules", "events", "places")
    found = {source: sum(source in each.instance for each in sets.TABLES) for source in sources}
    assert found["csv"] + found["dataset"] >= 20
    assert min(found.values()) >= 1
    assert len(sets.BY_NAME) == len(sets.TABLES)
