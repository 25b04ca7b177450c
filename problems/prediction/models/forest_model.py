"""A random forest as bytes: columns and calibration map as JSON, its nodes as plain arrays, no pickle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from problems.prediction.tables.encoding import Matrix, columns_from_json, encode, one_hot
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.models.forest import MEMBERS, TreeNodes, dump_nodes, load_nodes, probabilities
from toolbox.stats.calibration_map import CalibrationMap

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "forest"
_MEMBERS = (*MEMBERS, "calibration.json", "columns.json")


def dump(columns: Sequence[Column], nodes: TreeNodes, calibration: CalibrationMap) -> bytes:
    """Returns the model as bytes; the same model gives the same bytes."""
    members = dump_nodes(nodes)
    members["calibration.json"] = pack_json(calibration.to_json())
    members["columns.json"] = pack_json([column.to_json() for column in columns])
    return pack(members)


def scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(positive) of every row, shape (rows,), from the model's bytes alone.

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    columns, nodes, calibration = load(model)
    return calibration(log_odds(nodes, columns, encode(columns, rows)))


def load(model: bytes) -> tuple[tuple[Column, ...], TreeNodes, CalibrationMap]:
    """Reads what `dump` wrote; raises ValueError on other bytes."""
    members = unpack(model, _MEMBERS)
    calibration = CalibrationMap(**unpack_json(members["calibration.json"]))
    return columns_from_json(unpack_json(members["columns.json"])), load_nodes(members), calibration


def log_odds(nodes: TreeNodes, columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns the uncalibrated log-odds, shape (rows,), held finite by half a tree's vote."""
    share = probabilities(nodes, one_hot(columns, features))
    half = 0.5 / len(nodes.roots)
    safe = np.clip(share, half, 1 - half)
    return np.asarray(np.log(safe) - np.log1p(-safe), dtype=np.float64)
