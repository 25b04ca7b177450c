"""A number and how far off it may be: a model of it with trees for the spread of its errors, as bytes.

The spread is of residuals that were predicted out of fold: those of a model's own rows are too small. Trees
learn their logarithm, so that spreads are positive; of few rows they learn one spread for all.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from problems.prediction.models import ensemble_model
from problems.prediction.models.ensemble_model import EnsemblePart, Finish
from problems.prediction.models.links import link_for
from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import encode
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, unpack
from toolbox.models.boosters import dump_booster

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "number-and-spread"
ROUNDS = 40
MOST_ROWS = 5000
"""Rows that spreads are learnt from; more would not make them better, only later."""
SMALLEST = 0.1
"""Of the median error: no spread is learnt to be much less, since a new row may be off by more."""

_MEMBERS = ("number", "spread")


def with_spread(
    columns: Sequence[Column], number: bytes, rows: "pd.DataFrame", residuals: Floats, seed: int
) -> bytes:
    """Returns a model of a number with the spread of its errors; the same arguments give the same bytes.

    Args:
        columns: the features.
        number: the model, of the format `ensemble`.
        rows: with these features, n rows.
        residuals: of these rows, from models that had not seen them, shape (n,).
        seed: of the trees.
    """
    import xgboost

    sizes = np.abs(residuals[-MOST_ROWS:])
    usual = float(np.median(sizes))
    sizes = np.maximum(sizes, SMALLEST * usual) if usual > 0 else sizes + 1.0
    link = link_for(sizes, log=True)
    data = matrix(columns, encode(columns, rows.iloc[-MOST_ROWS:]), link.forward(sizes))
    settings = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "max_bin": 64,
        "max_depth": 3,
        "eta": 0.1,
        "min_child_weight": 20,
        "lambda": 10,
        "nthread": 1,
        "seed": seed & 0x7FFFFFFF,
    }
    trees = xgboost.train(settings, data, num_boost_round=ROUNDS)
    about = {"columns": [column.to_json() for column in columns], "link": link.to_json()}
    part = EnsemblePart("xgboost", dump_booster(trees), about=about)
    return pack(dict(zip(_MEMBERS, (number, ensemble_model.dump([part], Finish())), strict=True)))


def scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns number and spread of every row, shape (rows, 2), from the model's bytes alone.

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    members = unpack(model, _MEMBERS)
    number, spread = (ensemble_model.scores(members[name], rows) for name in _MEMBERS)
    if number.ndim != 1 or spread.shape != number.shape or not bool(np.all(spread > 0)):
        raise ValueError("expected a number and a positive spread of every row")
    return np.column_stack([number, spread])
