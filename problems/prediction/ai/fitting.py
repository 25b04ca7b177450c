"""From open rows to one calibrated ensemble: tune, compare, calibrate, train on everything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from escalation.model.identity import derive_seed
from problems.prediction.ai.contenders import Forest, Trained, TrainedForest
from problems.prediction.ai.selection import (
    Assessment,
    OutOfFold,
    assess,
    final_map,
    from_bags,
    predict_out_of_fold,
    standard_error_of_difference,
)
from problems.prediction.ai.tuning import (
    Aim,
    Budget,
    Tick,
    forest_history,
    forests_of,
    tune_boosting,
    tune_forest,
)
from problems.prediction.prediction_sets.partitions import Fold, check_labels, partition, thin
from problems.prediction.tables.encoding import Rows
from toolbox.stats.calibration_map import CalibrationMap, expit, log_loss


@dataclass(frozen=True)
class Fit:
    """The ensemble that won, trained on all of the rows, and how it came about.

    Attributes:
        trained: the ensemble.
        calibration: its map to probabilities.
        model: both as bytes.
        rows: that the selection was made on, all of them or a thinned part.
        winner: what it reached out of fold.
        notes: tuning, comparison and calibration, for the record.
    """

    trained: Trained
    calibration: CalibrationMap
    model: bytes
    rows: Rows
    winner: Assessment
    notes: dict[str, Any]


def fit(rows: Rows, aim: Aim, budget: Budget, seed: int, tick: Tick) -> Fit:
    """Selects boosted trees or forest, whichever has the better mean metric over fresh partitions.

    A tie goes to the forest, the baseline. The standard error of the difference is noted, not acted on.

    Raises:
        BadInput: when the rows leave nothing to select on.
    """
    check_labels(rows)
    chosen = rows.take(thin(rows, budget.rows, derive_seed(seed, "thin"), aim.time_ordered))
    check_labels(chosen)
    boosting, tried = tune_boosting(chosen, aim, budget, derive_seed(seed, "tune"), tick)
    partitions = _fresh_partitions(chosen, budget, aim, seed)
    boosted = predict_out_of_fold(boosting, chosen, aim, partitions, seed=seed, tick=tick)
    boosting_result = assess(boosting, boosted, aim)
    grown = _forest(chosen, aim, budget, partitions, seed=seed, tick=tick)
    forest_result = assess(grown.settings, grown.out_of_fold, aim)
    winner = max((forest_result, boosting_result), key=lambda result: result.gain(aim.metric))
    trained: Trained
    if winner is forest_result and grown.trained is not None and len(chosen) == len(rows):
        trained = grown.trained
    else:
        trained = winner.contender.train(aim.columns, rows, derive_seed(seed, "final"))
    tick(1, f"{winner.contender.name}: training on all open rows")
    calibration = final_map(winner, aim.metric)
    notes = {
        **_comparison(forest_result, boosting_result, winner, aim.metric, budget),
        "calibration": calibration.to_json(),
        "tuning": {"xgboost": [_rounded(entry) for entry in tried], "random_forest": grown.tried},
        "rows": len(rows),
        "selection_rows": len(chosen),
        "budget": {**budget.to_json(), "fits": budget.fits},
    }
    return Fit(trained, calibration, trained.dump(aim.columns, calibration), chosen, winner, notes)


@dataclass(frozen=True, eq=False)
class _Grown:
    """A forest with its predictions of rows that it has not seen; `trained` where it was grown but once."""

    settings: Forest
    out_of_fold: OutOfFold
    tried: list[dict[str, Any]]
    trained: TrainedForest | None = None


def _forest(
    rows: Rows, aim: Aim, budget: Budget, partitions: Sequence[list[Fold]], *, seed: int, tick: Tick
) -> _Grown:
    """Each forest grown once, judged out of bag; where rows depend on one another a fold each, by half the
    trees."""
    if aim.time_ordered or len(np.unique(rows.groups)) < len(rows):
        forest, tried = tune_forest(rows, aim, budget, derive_seed(seed, "tune"), tick)
        smaller = replace(forest, trees=max(1, forest.trees // 2))
        said = predict_out_of_fold(smaller, rows, aim, partitions, seed=seed, tick=tick)
        return _Grown(forest, said, tried)
    forests = forests_of(budget)
    grown = [each.out_of_bag(aim.columns, rows, derive_seed(seed, "final")) for each in forests]
    tick(len(forests), "random forest, out of bag")
    losses = [log_loss(expit(log_odds), rows.labels) for _, log_odds in grown]
    best = int(np.argmin(losses))
    tried = forest_history(forests, losses) if len(forests) > 1 else []
    return _Grown(forests[best], from_bags(grown[best][1], rows, partitions), tried, grown[best][0])


def _fresh_partitions(rows: Rows, budget: Budget, aim: Aim, seed: int) -> Sequence[list[Fold]]:
    """Partitions that tuning has not used; in order of time there is only one."""
    count = 1 if aim.time_ordered else budget.comparisons
    return [
        partition(rows, budget.folds, derive_seed(seed, "comparison", number), aim.time_ordered)
        for number in range(count)
    ]


def _comparison(
    forest: Assessment, boosting: Assessment, winner: Assessment, metric: str, budget: Budget
) -> dict[str, Any]:
    how = "by models without them" if forest.out_of_fold.models else "the forest's by trees without the row"
    return {
        "chosen": winner.contender.name,
        "rule": f"better mean {metric} over the same folds, {how}; the forest is the baseline",
        "cross_validation": {"xgboost": boosting.notes, "random_forest": forest.notes},
        "xgboost_minus_forest": {
            "mean": float(np.mean(boosting.values) - np.mean(forest.values)),
            "standard_error": standard_error_of_difference(boosting.values, forest.values, budget.folds),
        },
    }


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "params": entry["params"],
        "rounds": entry["rounds"],
        "log_loss": [round(value, 6) for value in entry["log_loss"]],
    }
