"""Prediction sets of every task but two classes, as every tier makes them and the verifier makes them again.

Split conformal prediction, as for two classes: one more model, selected and trained without the calibration
rows. Neither cross-conformal sets nor the jackknife+ (Barber and others 2021, Ann. Statist. 49:486) are made
where rows are few: they promise 1 - 2α, and the verifier and `tierwise predict` would need a model a fold.

Whole groups are set aside, sites among them, and the promise is then of a row of a new group: a few groups
promise nothing. Rows in order of time are calibrated on the last open ones: see `caveat_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.prediction_sets.rules import FLOOR, MIN_GROUPS, RULES, SetRule, SetThresholds
from problems.prediction.prediction_sets.split_conformal import (
    MAX_SET_ROWS,
    Sets,
    no_sets,
)
from problems.prediction.tasks.task import Asking, Outcomes
from toolbox.arrays import npy
from toolbox.arrays.types import Floats, Index, Ints
from toolbox.stats.splits import train_test_pairs

if TYPE_CHECKING:
    import pandas as pd

Parts = tuple[Index, Index]
"""Positions to select and train the set model on, and positions to calibrate on."""


MIN_ROWS = 40
"""Rows that calibrate, at least: their coverage is then within 0.08 of the mean one in nine cases of ten."""


@dataclass(frozen=True, eq=False)
class TaskSetModel:
    """A model whose whole making left the calibration rows untouched.

    Attributes:
        model_format: a key of `artefact.FORMATS`.
        model: its bytes.
        about: how it came about, in words.
    """

    model_format: str
    model: bytes
    about: Mapping[str, Any]


def parts_of(strata: Index, groups: Index, seed: int, time_ordered: bool) -> Parts:
    """Sets calibration rows aside: a third, at most about 1000, half of few rows, the last ones in time.

    Args:
        strata: numbers from 0 whose shares both parts have, shape (rows,).
        groups: integers, none of which is divided, shape (rows,).
        seed: of the shuffle.
        time_ordered: rows are in order of time.

    Raises:
        BadInput: when that leaves fewer than 40 rows, or 25 groups, to calibrate on.
    """
    share = max(3, -(-len(strata) // MAX_SET_ROWS))
    proper, held = _parted(strata, groups, share, seed, time_ordered)
    if not time_ordered and (len(held) < MIN_ROWS or len(np.unique(groups[held])) < MIN_GROUPS):
        proper, held = _parted(strata, groups, 2, seed, time_ordered)
    units = len(np.unique(groups[held]))
    if len(held) < MIN_ROWS:
        raise BadInput(
            f"expected at least {MIN_ROWS} rows to calibrate on, {len(strata)} open ones give {len(held)}"
        )
    if units < MIN_GROUPS:
        raise BadInput(
            f"expected at least {MIN_GROUPS} groups of rows to calibrate on, the open ones give {units}"
        )
    return proper, held


def _parted(strata: Index, groups: Index, folds: int, seed: int, forward: bool) -> Parts:
    """The last of so many folds; in order of time a block of that share, and what came before."""
    count = folds - int(forward)
    try:
        return train_test_pairs(strata, groups, count, seed, time_ordered=forward, least=1)[-1]
    except ValueError as error:
        raise BadInput(f"no rows can be set aside to calibrate on: {error}") from None


def caveat_of(groups: Ints, time_ordered: bool) -> str:
    """Returns in words what is promised to whom where rows are not drawn one by one; empty where they are."""
    if time_ordered:
        return (
            "rows are ordered by time and the last open ones calibrate: the promise holds only as far as "
            "nothing drifts between them and the new ones"
        )
    if len(np.unique(groups)) < len(groups):
        return "rows come in groups: the promise is of a row of a new group, each group counted once"
    return ""


def task_sets(
    made: TaskSetModel,
    calibrating: tuple["pd.DataFrame", Outcomes],
    sealed: "pd.DataFrame",
    asked: Asking,
    coverage: float,
    *,
    time_ordered: bool,
    least: float = -1.0,
) -> Sets:
    """Returns the sets of the sealed rows; none, with the reason, where the calibration rows promise nothing.

    Args:
        made: the set model; it is asked as the verifier will ask it, by its bytes.
        calibrating: feature columns and outcomes with groups of the rows that it has not seen.
        sealed: feature columns of the sealed rows.
        asked: of the rows.
        coverage: nominal, between 0 and 1.
        time_ordered: rows are in order of time.
        least: the smallest open outcome: where it is not below 0, no interval is.
    """
    from problems.prediction.models.artefact import scores

    rule, (frame, outcomes) = RULES[asked.task], calibrating
    floored = rule.kind == "interval" and least >= 0
    try:
        found = rule.calibrate(scores(made.model_format, made.model, frame), outcomes, asked, coverage)
    except BadInput as error:
        return no_sets(str(error))
    claim = {
        "kind": rule.kind,
        "coverage": coverage,
        "model_format": made.model_format,
        "thresholds": list(found.thresholds),
        "units": len(np.unique(outcomes.grouped)),
        **({"promised": by_class} if (by_class := _by_class(found, outcomes, asked)) else {}),
        **({FLOOR: 0.0} if floored else {}),
    }
    notes = {
        "made": True,
        "method": found.how,
        "guarantee": found.guarantee + ("; none goes below 0, as no open outcome does" if floored else ""),
        "interval": "central 90 % of the coverage over calibration sets of this size",
        "model_format": made.model_format,
        **made.about,
        "caveat": caveat_of(outcomes.grouped, time_ordered),
        "calibrated_on": _counted(outcomes),
        "coverage": coverage,
        "promises": {name: dict(promise) for name, promise in found.promises.items()},
    }
    asked = _floored(asked, 0.0) if floored else asked
    sets = rule.made(scores(made.model_format, made.model, sealed), found.thresholds, asked)
    files = {"sealed_sets": npy.dump(sets), "set_model": made.model}
    return Sets(files, {"conformal": claim}, notes)


def _by_class(found: SetThresholds, rows: Outcomes, asked: Asking) -> dict[str, int]:
    """Rows, or groups of them, that calibrated each class; empty where all of them did together."""
    if not asked.classes or set(found.promises) != set(asked.classes):
        return {}
    return {
        name: len(np.unique(rows.grouped[rows.values == place])) for place, name in enumerate(asked.classes)
    }


def _floored(asked: Asking, floor: float) -> Asking:
    return replace(asked, parameters={**asked.parameters, FLOOR: floor})


def _counted(rows: Outcomes) -> str:
    units = len(np.unique(rows.grouped))
    return f"{len(rows):,} rows" + ("" if units == len(rows) else f" in {units:,} groups")


@dataclass(frozen=True, eq=False)
class StatedSets:
    """What a candidate claims of its sets.

    Attributes:
        rule: that made them.
        model_format: of the set model.
        coverage: nominal.
        thresholds: as the rule takes them.
        units: rows, or groups of them, that calibrated.
        floor: what no interval goes below; None where nothing is said.
    """

    rule: SetRule
    model_format: Any
    coverage: float
    thresholds: tuple[float, ...]
    units: int
    floor: float | None = None

    def made(self, said: Floats, asked: Asking) -> NDArray[Any]:
        """The sets of rows of which the set model says so much; raises `ValueError` on other shapes."""
        if not self.rule.fits(said, len(said), asked):
            raise ValueError(f"what the set model says has shape {said.shape}, or is out of range")
        return self.rule.made(said, self.thresholds, self._asked(asked))

    def _asked(self, asked: Asking) -> Asking:
        return asked if self.floor is None else _floored(asked, self.floor)

    def differing(self, stated: NDArray[Any], said: Floats, asked: Asking, tolerance: float) -> int:
        """Returns the number of stated sets that are not those, up to rounding."""
        self.made(said, asked)
        asked = self._asked(asked)
        ends = [self.rule.made(said, self.thresholds, asked, more) for more in (-tolerance, tolerance)]
        if self.rule.kind == "interval":
            middle = (ends[0] + ends[1]) / 2
            wrong = np.abs(stated - middle) > np.abs(ends[1] - ends[0]) / 2 + tolerance
        else:
            wrong = (stated < np.minimum(*ends)) | (stated > np.maximum(*ends))  # NaN is neither
        wrong |= ~np.isfinite(stated)
        return int(np.sum(wrong.reshape(len(stated), -1).any(axis=1)))


def stated_claim(claim: Any, asked: Asking) -> StatedSets:
    """Reads the claim `conformal` of a candidate.

    Raises:
        ValueError: when it is no claim about sets of this task.
    """
    rule = RULES.get(asked.task)
    if rule is None or not isinstance(claim, Mapping) or claim.get("kind") != rule.kind:
        raise ValueError("expected `conformal` with the kind of sets that the task has among the values")
    coverage, units = claim.get("coverage"), claim.get("units")
    if not isinstance(coverage, float) or not 0 < coverage < 1:
        raise ValueError(f"expected a coverage between 0 and 1, got {str(coverage)[:100]}")
    if type(units) is not int or units < MIN_GROUPS:
        raise ValueError(f"expected to be calibrated on {MIN_GROUPS} rows or more, got {str(units)[:100]}")
    thresholds = _thresholds(claim.get("thresholds"), rule.count(asked))
    floor = claim.get(FLOOR)
    if floor is not None and (type(floor) is not float or not isfinite(floor)):
        raise ValueError(f"expected a number that no interval goes below, got {str(floor)[:100]}")
    return StatedSets(rule, claim.get("model_format"), coverage, thresholds, units, floor)


def _thresholds(stated: Any, count: int) -> tuple[float, ...]:
    if not isinstance(stated, Sequence) or len(stated) != count:
        raise ValueError(f"expected {count} thresholds, got {str(stated)[:100]}")
    if not all(type(each) in (int, float) and isfinite(each) for each in stated):
        raise ValueError(f"expected numbers as thresholds, got {str(list(stated))[:100]}")
    return tuple(float(each) for each in stated)
