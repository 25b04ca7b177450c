"""Boosted trees as bytes: columns and calibration map as JSON, booster as UBJSON, no pickle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.tables.encoding import Matrix, columns_from_json, encode
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.models.boosters import dump_booster, load_booster
from toolbox.stats.calibration_map import CalibrationMap

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

FORMAT = "xgboost"
_MEMBERS = ("booster.ubj", "calibration.json", "columns.json")


def dump(columns: Sequence[Column], booster: "xgboost.Booster", calibration: CalibrationMap) -> bytes:
    """Returns the model as bytes; the same model gives the same bytes."""
    return pack(
        {
            "booster.ubj": dump_booster(booster),
            "calibration.json": pack_json(calibration.to_json()),
            "columns.json": pack_json([column.to_json() for column in columns]),
        }
    )


def scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(positive) of every row, shape (rows,), from the model's bytes alone.

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    columns, booster, calibration = load(model)
    return calibration(log_odds(booster, columns, encode(columns, rows)))


def load(model: bytes) -> "tuple[tuple[Column, ...], xgboost.Booster, CalibrationMap]":
    """Reads what `dump` wrote; raises ValueError on other bytes."""
    members = unpack(model, _MEMBERS)
    booster = load_booster(members["booster.ubj"])
    calibration = CalibrationMap(**unpack_json(members["calibration.json"]))
    return columns_from_json(unpack_json(members["columns.json"])), booster, calibration


def matrix(
    columns: Sequence[Column], features: Matrix, labels: Any = None, weights: Any = None
) -> "xgboost.DMatrix":
    """Returns features for XGBoost: categories of three levels and more as such, NaN as missing, one thread.

    The types are left out where all are numbers: XGBoost's Python side reads them back at every round.
    """
    import xgboost

    types = ["c" if column.kind == "category" and len(column.levels) > 2 else "q" for column in columns]
    return xgboost.DMatrix(
        features,
        label=labels,
        weight=weights,
        feature_types=types if "c" in types else None,
        enable_categorical=True,
        nthread=1,
    )


def log_odds(booster: "xgboost.Booster", columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns the uncalibrated log-odds, shape (rows,)."""
    margin = booster.predict(matrix(columns, features), output_margin=True)
    return np.asarray(margin, dtype=np.float64)
