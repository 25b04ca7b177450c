"""A weighted mean of models as bytes, for any task but two classes: one archive, no pickle.

Members: `model.json` (task, number of classes, parts with their weights, calibration), and `part-0`,
`part-1`, …, each a pipeline of scikit-learn (skops), trees of XGBoost, the nodes of a forest, or hazards.
"""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.models import survival
from problems.prediction.models.links import Link
from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import Matrix, columns_from_json, encode, one_hot
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.models.boosters import load_booster
from toolbox.models.forest import MEMBERS, TreeNodes, load_nodes, probabilities
from toolbox.models.skops_file import load_estimator

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "ensemble"
MAX_PARTS = 20


@dataclass(frozen=True)
class EnsemblePart:
    """A model of the mean.

    Attributes:
        kind: a key of `SAYS`.
        data: its bytes.
        weight: of its predictions; all of an ensemble sum to 1.
        about: what its kind needs beside the bytes: `columns`, `link`.
    """

    kind: str
    data: bytes
    weight: float = 1.0
    about: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "weight": self.weight, "about": dict(self.about)}


@dataclass(frozen=True)
class Finish:
    """What is done with the mean.

    Attributes:
        classes: their number; 0 where there are none.
        survival: whether predictions are probabilities of no event yet, by each time of a grid.
        temperature: logarithms of probabilities are divided by it (Guo et al., ICML 2017).
        offsets: added to them afterwards, an entry a class; empty for none. Classes that weigh alike in the
            metric are told apart as if they were equally frequent (Saerens et al. 2002).
        floor: least probability of a class.
        limits: lowest and highest number that is said; empty for none.
    """

    classes: int = 0
    survival: bool = False
    temperature: float = 1.0
    offsets: tuple[float, ...] = ()
    floor: float = 1e-6
    limits: tuple[float, ...] = ()

    def __call__(self, mean: Floats) -> Floats:
        """Returns probabilities of shape (n, classes) whose rows sum to 1, survival, or numbers."""
        if self.survival:
            return np.minimum.accumulate(np.clip(mean, 0.0, 1.0), axis=1)
        if not self.classes:
            return np.clip(mean, self.limits[0], self.limits[1]) if self.limits else mean
        value = np.log(np.maximum(mean, self.floor)) / self.temperature
        value = value + np.asarray(self.offsets or 0.0)
        odds = np.exp(value - value.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        return {
            "classes": self.classes,
            "survival": self.survival,
            "temperature": self.temperature,
            "offsets": list(self.offsets),
            "floor": self.floor,
            "limits": list(self.limits),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Finish":
        """Reads what `to_json` wrote."""
        return cls(**{**data, "offsets": tuple(data["offsets"]), "limits": tuple(data["limits"])})


def dump(parts: Sequence[EnsemblePart], finish: Finish) -> bytes:
    """Returns the model as bytes; the same parts give the same bytes."""
    about = {"parts": [part.to_json() for part in parts], "finish": finish.to_json()}
    named = {f"part-{number}": part.data for number, part in enumerate(parts)}
    return pack({"model.json": pack_json(about), **named})


def load(model: bytes) -> tuple[list[EnsemblePart], Finish]:
    """Reads what `dump` wrote; raises ValueError on other bytes."""
    members = unpack(model, ["model.json", *(f"part-{number}" for number in range(_parts(model)))])
    about = unpack_json(members["model.json"])
    parts = [EnsemblePart(data=members[f"part-{n}"], **each) for n, each in enumerate(about["parts"])]
    return parts, Finish.from_json(about["finish"])


def _parts(model: bytes) -> int:
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            count = len(archive.namelist()) - 1
    except zipfile.BadZipFile as error:
        raise ValueError(f"expected a model archive, got {len(model)} bytes that are none: {error}") from None
    if not 1 <= count <= MAX_PARTS:
        raise ValueError(f"expected an ensemble of 1 to {MAX_PARTS} models, got {count}")
    return count


def scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns the predictions of every row, from the model's bytes alone.

    Returns:
        Probabilities of shape (rows, classes) or (rows, times), or numbers of shape (rows,).

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    parts, finish = load(model)
    said = [part.weight * part_says(part, rows, finish) for part in parts]
    return finish(np.sum(said, axis=0))


def part_says(part: EnsemblePart, rows: "pd.DataFrame", finish: Finish) -> Floats:
    """Returns what one model says before the finish, shape (rows, classes), (rows, times) or (rows,)."""
    if part.kind not in SAYS:
        raise ValueError(f"unknown part {part.kind!r}: expected one of {', '.join(SAYS)}")
    said = SAYS[part.kind](part, rows, finish.classes)
    return said if finish.classes or finish.survival else Link.from_json(part.about["link"]).back(said)


def estimator_says(estimator: Any, data: Any, classes: int) -> Floats:
    """Returns what an estimator of scikit-learn says, on the scale that it learnt.

    A class that its training rows lacked has probability 0. A list of estimators says in turn whether a
    level is exceeded (Frank and Hall 2001, ECML); where their answers cross, they are put in order.
    """
    if not classes:
        return np.asarray(estimator.predict(data), dtype=np.float64)
    if isinstance(estimator, list):
        above = np.column_stack([estimator_says(each, data, 2)[:, 1] for each in estimator])
        edges = np.column_stack(
            [np.ones(len(above)), np.minimum.accumulate(above, axis=1), np.zeros(len(above))]
        )
        return np.asarray(edges[:, :-1] - edges[:, 1:], dtype=np.float64)
    found = np.zeros((len(data), classes))
    found[:, np.asarray(estimator.classes_, dtype=np.intp)] = estimator.predict_proba(data)
    return found


def _skops(part: EnsemblePart, rows: "pd.DataFrame", classes: int) -> Floats:
    steps = load_estimator(part.data)
    data: Any = rows[list(steps["prepare"].feature_names_in_)]
    for step in ("prepare", "reduce"):
        data = data if steps[step] is None else np.asarray(steps[step].transform(data), dtype=np.float64)
    return estimator_says(steps["model"], data, classes)


def _xgboost(part: EnsemblePart, rows: "pd.DataFrame", classes: int) -> Floats:
    columns = columns_from_json(part.about["columns"])
    return booster_says(load_booster(part.data), columns, encode(columns, rows))


def booster_says(booster: Any, columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns probabilities, or the number on the scale that was learnt."""
    return np.asarray(booster.predict(matrix(columns, features)), dtype=np.float64)


def _forest(part: EnsemblePart, rows: "pd.DataFrame", classes: int) -> Floats:
    columns = columns_from_json(part.about["columns"])
    nodes = load_nodes(unpack(part.data, MEMBERS))
    return forest_says(nodes, part.about["labels"], one_hot(columns, encode(columns, rows)), classes)


def forest_says(nodes: TreeNodes, labels: Sequence[int], features: Matrix, classes: int) -> Floats:
    """Returns the mean of the trees; `labels` are the classes that their training rows had."""
    said = probabilities(nodes, features)
    if not classes:
        return said
    found = np.zeros((len(features), classes))
    found[:, np.asarray(labels, dtype=np.intp)] = (
        said if said.ndim == 2 else np.column_stack([1 - said, said])
    )
    return found


def _hazards(scores: Callable[[bytes, "pd.DataFrame"], Floats]) -> Callable[..., Floats]:
    def says(part: EnsemblePart, rows: "pd.DataFrame", classes: int) -> Floats:
        return scores(part.data, rows)

    return says


SAYS: Mapping[str, Callable[[EnsemblePart, "pd.DataFrame", int], Floats]] = {
    "skops": _skops,
    "xgboost": _xgboost,
    "forest": _forest,
    survival.LINEAR: _hazards(survival.linear_scores),
    survival.TREES: _hazards(survival.tree_scores),
}
"""`skops`: preprocessing, reduction and estimator of scikit-learn. `xgboost`: a booster. `forest`: nodes.
`cox` and `xgboost-cox`: see `models.survival`."""
