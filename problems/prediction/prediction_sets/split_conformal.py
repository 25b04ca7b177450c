"""Sealed prediction sets that every tier makes in the same way, and that the verifier can make again.

Split conformal prediction (Papadopoulos et al. 2002; Vovk, Gammerman and Shafer 2005, section 4.1; Lei et
al., JASA 2018): the answer's own model has used every open row, so a second one, the set model, is selected
and trained without the calibration rows. Its sets hold the true class with the stated probability whatever
the model is worth. Cross-conformal sets would use all rows for calibration, but promise only 1 - 2α (Barber
et al., Ann. Statist. 2021).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.prediction_sets.partitions import Fold, hold_out, partition
from problems.prediction.tables.encoding import Rows
from toolbox.arrays import npy
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats.conformal import MIN_PER_CLASS, Coverage, prediction_sets
from toolbox.stats.groups import kish_size

COVERAGE = 0.9
"""Nominal coverage of the sets."""

MIN_SET_ROWS = 60
MAX_SET_ROWS = 1000
"""Bounds on the rows that sets are calibrated on: fewer promise too little, more bring little."""

SLACK = 1e-8
"""By how much a nonconformity score may exceed its threshold, as in MAPIE: equal but for rounding."""


@dataclass(frozen=True)
class SetModel:
    """A model whose whole making left the calibration rows untouched, and what it says.

    Attributes:
        model_format: a key of `artefact.FORMATS`.
        model: its bytes.
        calibration: P(positive) of the calibration rows, shape (rows,), and their labels.
        sealed: P(positive) of the sealed rows, shape (n_sealed,).
        groups: numbers of the calibration rows' groups, shape (rows,); None where each is its own.
    """

    model_format: str
    model: bytes
    calibration: tuple[Floats, NDArray[np.int8]]
    sealed: Floats
    groups: Ints | None = None


@dataclass(frozen=True)
class Sets:
    """Prediction sets as a candidate carries them; all empty but the notes where none were made.

    Attributes:
        files: `sealed_sets` and `set_model`.
        values: `conformal`: what the verifier needs to make the sets again.
        notes: for a reader.
    """

    files: Mapping[str, bytes]
    values: Mapping[str, Any]
    notes: Mapping[str, Any]


def set_aside(labels: NDArray[np.int8], groups: NDArray[np.intp], seed: int, time_ordered: bool) -> Fold:
    """Sets calibration rows aside: a third, half where a third is too few, the last third in order of time.

    Args:
        labels: 0 or 1, shape (rows,).
        groups: integers of shape (rows,), none of which is divided.
        seed: of the shuffle.
        time_ordered: rows are in order of time.

    Returns:
        Positions to select and train the set model on, and positions to calibrate on.

    Raises:
        BadInput: when that leaves fewer than 60 rows to calibrate on, or a class on one side only.
    """
    rows = Rows(np.empty((len(labels), 0), dtype=np.float32), labels, groups)
    proper, held = hold_out(rows, MAX_SET_ROWS, seed, time_ordered)
    if len(held) < MIN_SET_ROWS and not time_ordered:
        proper, held = partition(rows, 2, seed, time_ordered)[-1]
    if len(held) < MIN_SET_ROWS:
        raise BadInput(
            f"expected at least {MIN_SET_ROWS} rows to calibrate on, {len(labels)} open ones give {len(held)}"
        )
    return proper, held


WEIGHTED = "rows are weighted, and sets would keep their promise for rows counted alike only"
"""Why there are none of weighted rows: the heavy ones may be those that the sets miss."""


def no_sets(because: str) -> Sets:
    """Returns that none were made, and why."""
    return Sets({}, {}, {"made": False, "because": because})


def split_conformal(made: SetModel, coverage: float, about: Mapping[str, Any]) -> Sets:
    """Returns the sets of the sealed rows, class by class where the calibration rows allow it.

    Args:
        made: the set model and its scores.
        coverage: nominal, between 0 and 1.
        about: further notes: how the set model came about, and `caveat`.
    """
    labels = made.calibration[1]
    by_class = min(int(labels.sum()), len(labels) - int(labels.sum())) >= MIN_PER_CLASS
    sets, promises = prediction_sets(made.calibration, made.sealed, coverage, by_class)
    claim = {
        "coverage": coverage,
        "model_format": made.model_format,
        "thresholds": [_threshold(promises, name) for name in ("negative", "positive")],
        "promised": _promised(made, by_class),
        **({"lost": about[LOST]} if LOST in about else {}),
    }
    notes = {
        "made": True,
        "method": "split conformal, least ambiguous sets (MAPIE)",
        "guarantee": _guarantee(coverage, by_class),
        "interval": "central 90 % of the coverage over calibration sets of this size",
        "model_format": made.model_format,
        **about,
        "coverage": coverage,
        "class_conditional": by_class,
        "promises": {name: promise.to_json() for name, promise in promises.items()},
    }
    files = {"sealed_sets": npy.dump(sets), "set_model": made.model}
    return Sets(files, {"conformal": claim}, {**notes})


def excess(scores: Floats, thresholds: tuple[float, float]) -> Floats:
    """Returns by how much each class is beyond its threshold, shape (rows, 2); in the set up to `SLACK`.

    Args:
        scores: P(positive), shape (rows,).
        thresholds: of [negative, positive], on 1 - P(class).
    """
    return np.column_stack([scores, 1 - scores]) - np.asarray(thresholds, dtype=np.float64)


def members(scores: Floats, thresholds: tuple[float, float]) -> Flags:
    """Returns the sets, bool of shape (rows, 2); see `excess`."""
    return np.asarray(excess(scores, thresholds) <= SLACK)


def caveat(groups: NDArray[np.intp], time_ordered: bool) -> str:
    """Returns where the rows are not exchangeable, empty where nothing says so."""
    if time_ordered:
        return "rows are ordered by time: the promise holds only as far as nothing drifts"
    if np.unique(groups).size < len(groups):
        return "rows come in groups: calibration rows are fewer than they count, the interval is too narrow"
    return ""


def selection_loss(rows: int, choices: int) -> float:
    """Bounds the mean coverage lost where one of several set models was chosen on the calibration rows too.

    The largest deviation of the empirical distributions of `choices` scores from the true ones, in the mean:
    Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990, Ann. Probab. 18:1269), a union bound over
    the choices, and the tail of the resulting Gaussian bound.

    Args:
        rows: calibration rows.
        choices: set models that could have been chosen.
    """
    spread = np.log(2 * choices)
    return float((np.sqrt(spread / 2) + 1 / np.sqrt(8 * spread)) / np.sqrt(rows))


LOST = "coverage_lost_to_selection_at_most"


def _promised(made: SetModel, by_class: bool) -> dict[str, int]:
    """Independent rows that calibrated, by what is promised, for the verifier to test it."""
    labels = made.calibration[1]
    groups = np.arange(len(labels)) if made.groups is None else made.groups
    parts = {"negative": labels == 0, "positive": labels == 1} if by_class else {"all": labels >= 0}
    return {name: max(1, int(kish_size(groups[own]))) for name, own in parts.items()}


def _threshold(promises: Mapping[str, Coverage], name: str) -> float:
    return promises["all" if "all" in promises else name].threshold


def _guarantee(coverage: float, by_class: bool) -> str:
    whom = "in each class" if by_class else "over both classes together"
    return (
        f"a set holds the true class with probability {coverage:g} or more {whom}, on average over "
        "calibration rows, for new rows drawn like the open ones"
    )
