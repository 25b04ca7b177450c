"""Models of the time to an event as bytes, no pickle: survival by each time of a grid.

Whatever ranks rows by risk on a log scale becomes survival probabilities by a slope and Breslow's baseline
hazard (`toolbox.models.cox.baseline`), which travel as arrays: `cox` ranks by a linear predictor of
preprocessed features, `xgboost-cox` by the margin of boosted trees.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import Matrix, columns_from_json, encode
from problems.prediction.tables.table import Column
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.models.boosters import dump_booster, load_booster
from toolbox.models.cox import Baseline
from toolbox.models.skops_file import dump_estimator, load_estimator

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

LINEAR = "cox"
TREES = "xgboost-cox"
BASELINE = ("grid.npy", "hazard.npy", "slope.json")


def dump_linear(prepare: Any, coefficients: Floats, baseline: Baseline) -> bytes:
    """Returns a Cox model as bytes; the same model gives the same bytes.

    Args:
        prepare: fitted preprocessing, from `pipelines.preprocessing`.
        coefficients: of the preprocessed features, shape (p,), from `toolbox.models.cox.fit`.
        baseline: of the linear predictor.
    """
    return pack(
        {
            "prepare.skops": dump_estimator(prepare),
            "coefficients.npy": npy.dump(np.asarray(coefficients, dtype=np.float64)),
            **dump_baseline(baseline),
        }
    )


def linear_scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(no event yet) of every row by each time, shape (rows, T), from the model's bytes alone.

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    members = unpack(model, ("prepare.skops", "coefficients.npy", *BASELINE))
    prepare = load_estimator(members["prepare.skops"])
    data = np.asarray(prepare.transform(rows[list(prepare.feature_names_in_)]), dtype=np.float64)
    coefficients = npy.load(members["coefficients.npy"], np.float64, (data.shape[1],), "coefficients")
    return load_baseline(members).surviving(data @ coefficients)


def tree_log_risk(booster: "xgboost.Booster", columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns the log risk of encoded rows, shape (rows,)."""
    margin = booster.predict(matrix(columns, features), output_margin=True)
    return np.asarray(margin, dtype=np.float64)


def dump_trees(columns: Sequence[Column], booster: "xgboost.Booster", baseline: Baseline) -> bytes:
    """Returns boosted trees with their baseline hazard as bytes; the same model gives the same bytes."""
    return pack(
        {
            "booster.ubj": dump_booster(booster),
            "columns.json": pack_json([column.to_json() for column in columns]),
            **dump_baseline(baseline),
        }
    )


def tree_scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(no event yet) of every row by each time, shape (rows, T); raises as `linear_scores`."""
    members = unpack(model, ("booster.ubj", "columns.json", *BASELINE))
    columns = columns_from_json(unpack_json(members["columns.json"]))
    booster = load_booster(members["booster.ubj"])
    return load_baseline(members).surviving(tree_log_risk(booster, columns, encode(columns, rows)))


def dump_baseline(baseline: Baseline) -> dict[str, bytes]:
    """Returns the members of an archive that hold a baseline hazard."""
    return {
        "grid.npy": npy.dump(baseline.grid),
        "hazard.npy": npy.dump(baseline.hazard),
        "slope.json": pack_json(baseline.slope),
    }


def load_baseline(members: Mapping[str, bytes]) -> Baseline:
    """Reads what `dump_baseline` wrote; raises ValueError where time or hazard does not rise."""
    grid = npy.load(members["grid.npy"], np.float64, (None,), "grid")
    hazard = npy.load(members["hazard.npy"], np.float64, (len(grid),), "hazard")
    slope = unpack_json(members["slope.json"])
    rising = bool(np.all(np.diff(grid) > 0)) and bool(np.all(np.diff(hazard, prepend=0.0) >= 0))
    if not rising or type(slope) not in (int, float) or not slope >= 0:
        raise ValueError("expected rising times, a rising cumulative hazard and a slope from 0 on")
    return Baseline(float(slope), grid, hazard)
