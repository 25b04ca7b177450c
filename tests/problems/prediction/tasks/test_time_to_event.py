"""Times to an event: how they are read and refused, and how candidates are certified."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.models import survival
from problems.prediction.models.pipelines import preprocessing
from problems.prediction.report.by_task import figures_and_tables
from problems.prediction.report.predicted_rows import predicted_rows
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tasks.task import Asking, Outcomes
from problems.prediction.tasks.time_to_event import TimeToEvent, grid
from problems.prediction.verify.certify import certify
from problems.prediction.verify.judging import at_best
from toolbox.models import cox
from toolbox.stats.survival_bounds import METRICS

ROWS = 400
STATED = {"csv": "t.csv", "task": "time_to_event", "target": "days", "event": "died", "horizon": 100}
LIMITS = {
    "concordance": 0.6,
    "roc_auc": 0.65,
    "brier": 0.23,
    "integrated_brier": 0.2,
    "calibration_in_the_large": 0.2,
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(ROWS, 2)).round(6)
    until, followed = rng.exponential(120 * np.exp(-1.5 * x[:, 0])), rng.exponential(250, ROWS)
    days = np.ceil(np.minimum(until, followed))
    return pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "days": days, "died": (until <= followed).astype(int)})


@pytest.fixture
def load(table: pd.DataFrame, tmp_path: Path) -> Callable[..., TableInstance]:
    def load(changed: dict[str, Any] | None = None, **fields: Any) -> TableInstance:
        table.assign(**(changed or {})).to_csv(tmp_path / "t.csv", index=False)
        stated = {name: value for name, value in (STATED | fields).items() if value is not None}
        return load_rows(stated, 1, tmp_path)

    return load


def solved(instance: TableInstance) -> Candidate:
    """A Cox model of the open rows."""
    rows, names = instance.frame.iloc[instance.open_index], [column.name for column in instance.columns]
    prepare = preprocessing(instance.columns).fit(rows[names])
    data = prepare.transform(rows[names])
    times, events = rows["__label__"].to_numpy(float), rows["__event__"].to_numpy(bool)
    coefficients = cox.fit(data, times, events, 0.01)
    at = np.array(instance.asked.parameters["times"])
    base = cox.baseline(data @ coefficients, times, events, at, calibrated=False)
    model = survival.dump_linear(prepare, coefficients, base)
    scores = io.BytesIO()
    np.save(scores, survival.linear_scores(model, instance.sealed_features))
    train = b"".join(sorted(bytes.fromhex(row) for row in rows["__row__"]))
    files = {"model": Blob(model), "sealed_scores": Blob(scores.getvalue()), "train_rows": Blob(train)}
    return Candidate({"model_format": survival.LINEAR, "chosen": "cox"}, files)


def target(metric: str, limit: float) -> Target:
    side = "at_most" if METRICS[metric].less_is_better else "at_least"
    return Target.model_validate({"metric": metric, side: limit})


def test_an_honest_model_is_certified_by_every_metric(load: Any) -> None:
    instance = load()
    candidate = solved(instance)
    for metric, limit in LIMITS.items():
        found = certify(instance, target(metric, limit), candidate, (), 0.05)
        assert found.status is CertificateStatus.CERTIFIED, (metric, found.value, found.reasons)
        assert found.value is not None
        assert found.estimate is not None
        assert (found.value > found.estimate) == METRICS[metric].less_is_better
    found = certify(instance, target("concordance", 0.6), candidate, (), 0.05)
    shown = predicted_rows(instance, found, candidate)
    assert shown is not None
    html = figures_and_tables(instance, "concordance", shown, "attempt-1")
    assert html.count("<svg") == 3
    assert all(metric in html for metric in METRICS)


def test_no_predictions_have_a_better_bound_than_those_without_an_error(load: Any) -> None:
    instance = load()
    candidate = solved(instance)
    for metric, limit in LIMITS.items():
        found = certify(instance, target(metric, limit), candidate, (), 0.05)
        assert found.value is not None
        best = at_best(instance, target(metric, limit), 0.05)
        assert best.reaches
        assert best.value is not None
        assert (best.value < found.value) == METRICS[metric].less_is_better


def test_the_times_are_even_steps_to_the_horizon_and_both_columns_are_no_features(load: Any) -> None:
    instance = load()
    assert instance.asked.parameters["times"] == [5.0 * step for step in range(1, 21)]
    assert [column.name for column in instance.columns] == ["x0", "x1"]
    assert instance.roles["died"] == "whether the time ended with the event"
    for horizon in (0.3, 1.76, 7.29):  # twenty twentieths of the last two are not they themselves
        assert grid(horizon)[-1] == horizon


def test_either_part_has_its_share_of_early_and_late_events_and_censorings(load: Any) -> None:
    instance = load()
    frame = instance.frame
    kinds = 2 * frame["__event__"].astype(int) + (frame["__label__"] > frame["__label__"].median())
    for kind in range(4):
        assert (kinds.iloc[instance.sealed_index] == kind).sum() == pytest.approx(
            0.4 * (kinds == kind).sum(), abs=2
        )


def test_events_may_be_true_and_false_and_times_carry_a_unit(load: Any, table: pd.DataFrame) -> None:
    plain, flagged = load(), load({"died": table["died"].map({0: "no", 1: "yes"}).eq("yes")})
    np.testing.assert_array_equal(plain.frame["__event__"], flagged.frame["__event__"])
    assert load({"days": [f"{day:g} d" for day in table["days"]]}).asked.parameters["unit"] == "d"


@pytest.mark.parametrize(
    ("changed", "fields", "said"),
    [
        ({"days": -1}, {}, r"target column 'days', line 2: expected a time from 0 on, got -1"),
        ({"died": 2}, {}, r"event column 'died', line 2: expected 1 .* or 0 .*, got '2'"),
        ({"died": 0}, {}, r"event column 'died': no row has the event"),
        ({"died": 1}, {}, r"event column 'died': every row has the event, none is censored"),
        (
            {},
            {"horizon": 1e6},
            r"horizon: expected a time at which rows are still seen, got 1e\+06, after the",
        ),
        ({}, {"horizon": 0.5}, r"horizon: no row has the event by 0.5; the first has it at "),
        ({}, {"horizon": 2}, r"too few rows for the splits: .* with the event by 2"),
        (
            {},
            {"horizon": None},
            r"horizon: with `task: time_to_event` expected the time until which survival",
        ),
        ({}, {"event": None}, r"event: with `task: time_to_event` expected the column"),
        ({}, {"event": "dead"}, r"event column 'dead' is missing"),
        ({}, {"event": "days"}, r"event: column 'days' stands under `target` already"),
        (
            {},
            {"task": "regression"},
            r"event: has no effect on `task: regression`, only on `task: time_to_event`",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(load: Any, changed: Any, fields: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        load(changed, **fields)
    assert "\n" not in str(refused.value).splitlines()[0]


def outcomes(n: int = 200, hangs: float = 0.0) -> tuple[Outcomes, Any, Any]:
    """Rows whose censoring hangs on the risk or not, survival that is predicted, what is asked."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=n)
    until, followed = rng.exponential(np.exp(-x)), rng.exponential(np.exp(-hangs * x))
    found = Outcomes(np.minimum(until, followed), until <= followed)
    asked = Asking("time_to_event", (), {"horizon": 1.0, "times": grid(1.0).tolist()})
    return found, np.exp(-np.outer(np.exp(x), grid(1.0))), asked


def test_nothing_is_bounded_where_censoring_hangs_on_the_predicted_risk() -> None:
    for hangs, held in ((0.0, True), (1.2, False)):
        rows, predictions, asked = outcomes(hangs=hangs)
        for metric, how in METRICS.items():
            found = TimeToEvent().bound(metric, rows, predictions, asked, 0.05)
            trivial = 1.0 if how.less_is_better else 0.0
            assert (found.value != trivial) == held
            assert held or "who is censored depends on the predicted risk (p = " in found.method


def test_perfect_predictions_are_valid_and_have_no_error_and_none_have_a_better_bound() -> None:
    rows, predictions, asked = outcomes()
    task = TimeToEvent()
    perfect = task.perfect(rows, asked)
    assert not task.wrong(perfect, asked)
    for metric, how in METRICS.items():
        best, found = (task.bound(metric, rows, each, asked, 0.05) for each in (perfect, predictions))
        assert (best.value < found.value) == how.less_is_better
        if metric != "calibration_in_the_large":
            assert best.estimate == pytest.approx(0.0 if how.less_is_better else 1.0, abs=1e-9)


def test_predictions_that_rise_with_time_are_none() -> None:
    rows, predictions, asked = outcomes()
    assert "do not rise" in TimeToEvent().wrong(predictions[:, ::-1], asked)
    assert "from 0 to 1" in TimeToEvent().wrong(predictions + 1, asked)
    assert TimeToEvent().shape(len(rows), asked) == predictions.shape


@pytest.mark.parametrize("metric", list(METRICS))
def test_a_true_model_is_better_than_one_that_knows_nothing(metric: str) -> None:
    rows, predictions, asked = outcomes()
    nothing = np.tile(np.linspace(0.9, 0.2, 20), (200, 1))
    gain, p_value = TimeToEvent().compare(metric, rows, predictions, nothing, asked)
    assert gain > 0
    assert p_value < 0.01
    back, other = TimeToEvent().compare(metric, rows, nothing, predictions, asked)
    assert back == pytest.approx(-gain)
    assert other > 0.9
