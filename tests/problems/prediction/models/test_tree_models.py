from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from numpy.typing import NDArray

from problems.prediction.ai.attribution import contributions, mean_contributions
from problems.prediction.ai.contenders import Boosting, Contender, Forest, TrainedBooster
from problems.prediction.ai.tuning import DEFAULT
from problems.prediction.models import artefact, forest_model, xgboost_model
from problems.prediction.tables.encoding import Rows, encode, one_hot
from problems.prediction.tables.table import Column
from toolbox.models.archive import pack
from toolbox.stats.calibration_map import CalibrationMap, expit

COLUMNS = (
    Column("age", "number"),
    Column("sex", "category", ("f", "m")),
    Column("ward", "category", ("a", "b", "c", "d", "e")),
    Column("noise", "number"),
)
CONTENDERS = [Boosting(DEFAULT, 30), Forest(25, 3)]


def table(rows: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.int8]]:
    """Numbers and categories with a tenth missing; the label hangs on age and ward."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.normal(60, 10, rows),
            "sex": random.choice(["f", "m"], rows),
            "ward": random.choice(list("abcde"), rows),
            "noise": random.normal(size=rows),
        }
    )
    risk = (frame["age"] - 60) / 5 + 2 * frame["ward"].isin(["b", "d"]) - 1
    labels = (random.random(rows) < expit(risk.to_numpy(dtype=np.float64))).astype(np.int8)
    for name in frame:
        frame.loc[random.random(rows) < 0.1, name] = None
    return frame, labels


def rows_of(rows: int, seed: int) -> Rows:
    frame, labels = table(rows, seed)
    return Rows(encode(COLUMNS, frame), labels, np.arange(rows))


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_bytes_score_rows_as_the_trained_model_does(contender: Contender) -> None:
    trained = contender.train(COLUMNS, rows_of(200, 1), 5)
    fresh, _ = table(50, 2)
    calibration = CalibrationMap("sigmoid", 0.8, 0.8, 0.1)
    model = trained.dump(COLUMNS, calibration)
    expected = calibration(trained.log_odds(COLUMNS, encode(COLUMNS, fresh)))
    np.testing.assert_array_equal(artefact.scores(trained.model_format, model, fresh), expected)
    assert len(np.unique(expected)) > 20


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_training_twice_gives_the_same_bytes(contender: Contender) -> None:
    first, second = (contender.train(COLUMNS, rows_of(200, 1), 5) for _ in range(2))
    assert first.dump(COLUMNS, CalibrationMap()) == second.dump(COLUMNS, CalibrationMap())
    other = contender.train(COLUMNS, rows_of(200, 1), 6)
    assert other.dump(COLUMNS, CalibrationMap()) != first.dump(COLUMNS, CalibrationMap())


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_a_level_never_seen_counts_as_missing(contender: Contender) -> None:
    trained = contender.train(COLUMNS, rows_of(200, 1), 5)
    model = trained.dump(COLUMNS, CalibrationMap())
    unseen, missing = (table(50, 2)[0].assign(ward=ward) for ward in ("z", None))
    np.testing.assert_array_equal(
        artefact.scores(trained.model_format, model, unseen),
        artefact.scores(trained.model_format, model, missing),
    )


def test_the_booster_predicts_what_plain_xgboost_predicts() -> None:
    training, fresh = rows_of(300, 1), rows_of(60, 2)
    trained = Boosting(DEFAULT, 30).train(COLUMNS, training, 4)
    model = trained.dump(COLUMNS, CalibrationMap())
    plain = xgboost.DMatrix(fresh.features, feature_types=["q", "q", "c", "q"], enable_categorical=True)
    np.testing.assert_allclose(
        artefact.scores("xgboost", model, table(60, 2)[0]), trained.booster.predict(plain), atol=1e-6
    )


def test_shap_values_sum_to_the_log_odds_and_rank_the_signal_first() -> None:
    training = rows_of(400, 1)
    trained = Boosting(DEFAULT, 30).train(COLUMNS, training, 4)
    assert isinstance(trained, TrainedBooster)
    values = contributions(trained, COLUMNS, training.features)
    assert values.shape == (400, 5)
    np.testing.assert_allclose(values.sum(axis=1), trained.log_odds(COLUMNS, training.features), atol=1e-4)
    assert list(mean_contributions(trained, COLUMNS, training.features))[:2] == ["age", "ward"]


def test_encoding_keeps_missing_values_and_knows_levels_by_position() -> None:
    frame = pd.DataFrame(
        {"age": [1.5, None], "sex": ["m", None], "ward": ["c", "?"], "noise": [1e300, -1e300]}
    )
    encoded = encode(COLUMNS, frame)
    np.testing.assert_array_equal(encoded[:, :3], np.array([[1.5, 1, 2], [np.nan] * 3], dtype=np.float32))
    assert np.isfinite(encoded[:, 3]).all()
    np.testing.assert_array_equal(one_hot(COLUMNS, encoded)[:, 2:7], [[0, 0, 1, 0, 0], [0] * 5])


@pytest.mark.parametrize("module", [xgboost_model, forest_model], ids=["xgboost", "forest"])
@pytest.mark.parametrize("data", [b"", b"no zip", pack({"model.pkl": b"x"})], ids=["empty", "text", "other"])
def test_other_bytes_are_refused(module: Any, data: bytes) -> None:
    with pytest.raises(ValueError, match="expected a model archive"):
        module.scores(data, table(5, 1)[0])


def test_a_damaged_booster_is_refused() -> None:
    parts = {"booster.ubj": b"{", "columns.json": b"[]", "calibration.json": b"{}"}
    with pytest.raises(ValueError, match="expected an XGBoost booster"):
        xgboost_model.scores(pack(parts), table(5, 1)[0])
