"""The search for the settings of tree ensembles, bounded in fits and not in seconds, so that it repeats."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from escalation.model.identity import derive_seed
from problems.prediction.ai.contenders import Boosting, Forest, booster_params, training_matrix
from problems.prediction.prediction_sets.partitions import Fold, partition, thin
from problems.prediction.tables.encoding import Rows
from problems.prediction.tables.table import Column
from toolbox.models.boosters import held_out_course
from toolbox.stats.calibration_map import expit, log_loss
from toolbox.stats.weighted_metrics import EFFICIENCY, fitting_weights

Tick = Callable[[int, str], None]
"""Called with the number of fits just done and what they were for."""

DEFAULT: Mapping[str, float | int] = {
    "eta": 0.1,
    "max_depth": 3,
    "min_child_weight": 1.0,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "lambda": 1.0,
}
"""Always among the configurations tried."""

PATIENCE = 20

HEAT = 2
"""Folds on which all settings are tried before the worse half is dropped."""
_CRITERIA = {
    **dict.fromkeys(("roc_auc", "background_rejection", "ams"), ("auc", -1.0)),
    "average_precision": ("aucpr", -1.0),
    "brier": ("rmse", 1.0),
}


@dataclass(frozen=True)
class Aim:
    """What a selection is for.

    Attributes:
        columns: the features.
        metric: of the target.
        time_ordered: whether rows come in order of time.
        efficiency: share of the class to predict that is kept, where the metric is read off there.
    """

    columns: tuple[Column, ...]
    metric: str
    time_ordered: bool
    efficiency: float = EFFICIENCY


@dataclass(frozen=True)
class Budget:
    """What a selection may spend.

    Attributes:
        configurations: settings of boosted trees drawn at random, the default among them.
        finalists: the best of them, tried again on another partition.
        folds: of every partition.
        comparisons: fresh partitions on which boosted trees and forest are compared and calibrated.
        leaves: sizes of the smallest leaf that the forest tries.
        rows: more open rows than these are thinned for the selection (not for the final training).
        trees: of a forest.
        max_rounds: of boosting.
        first_rows: that the first heat of the race sees at most; 0 for all of `rows`.
    """

    configurations: int
    finalists: int
    folds: int
    comparisons: int
    leaves: tuple[int, ...]
    rows: int
    trees: int = 100
    max_rounds: int = 300
    first_rows: int = 0

    @property
    def fits(self) -> int:
        """Ensembles trained at most, the final one included."""
        heats = self.folds * self.better_half + min(HEAT, self.folds) * self.configurations
        final = self.finalists * self.folds if self.finalists > 1 else 0
        forests = (len(self.leaves) if len(self.leaves) > 1 else 0) + self.comparisons
        return heats + final + self.folds * (self.comparisons + forests) + 1

    @property
    def better_half(self) -> int:
        """Settings that go on from the first heat."""
        return max(self.finalists, -(-self.configurations // 2))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "leaves": list(self.leaves)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Budget":
        """Reads what `to_json` wrote."""
        return cls(**{**data, "leaves": tuple(data["leaves"])})


def budget_for(rows: int) -> Budget:
    """Returns the budget for a table of so many open rows: fewer, longer fits as tables grow.

    Leaves grow beyond 100,000 rows, because a forest's nodes do, and its bytes are kept.
    """
    if rows <= 2000:
        return Budget(12, finalists=3, folds=5, comparisons=1, leaves=(1, 5), rows=2000, trees=200)
    if rows <= 10_000:
        return Budget(8, finalists=2, folds=3, comparisons=1, leaves=(5,), rows=10_000, first_rows=2500)
    leaf = max(5, rows // 20_000)
    return Budget(8, finalists=1, folds=3, comparisons=1, leaves=(leaf,), rows=10_000, first_rows=2500)


def first_budget(rows: int) -> Budget:
    """Returns the budget of a first answer, with default settings: seconds, whatever the size."""
    rounds = 100 if rows <= 50_000 else 30
    leaf = max(5, rows // 20_000)
    return Budget(1, 1, folds=2, comparisons=1, leaves=(leaf,), rows=2000, trees=30, max_rounds=rounds)


def small_budget_for(rows: int) -> Budget:
    """Returns the budget for the model behind the conformal sets, which only has to be a fair one."""
    full = budget_for(rows)
    few = {"configurations": 3, "finalists": 1, "folds": 3, "trees": min(100, full.trees)}
    return replace(full, **few, leaves=full.leaves[-1:])


def configurations(count: int, seed: int) -> list[dict[str, float | int]]:
    """Returns the default and `count` - 1 random settings.

    The ranges lean towards small trees and strong shrinkage, as tables of few hundred rows need them;
    stumps (depth 1) are additive models.
    """
    random = np.random.default_rng(seed)
    drawn = [dict(DEFAULT)]
    for _ in range(count - 1):
        drawn.append(
            {
                "eta": _rounded(np.exp(random.uniform(np.log(0.03), np.log(0.2)))),
                "max_depth": int(random.integers(1, 6)),
                "min_child_weight": _rounded(np.exp(random.uniform(np.log(0.5), np.log(16)))),
                "subsample": _rounded(random.uniform(0.5, 1.0)),
                "colsample_bytree": _rounded(random.uniform(0.3, 1.0)),
                "lambda": _rounded(np.exp(random.uniform(np.log(0.3), np.log(30)))),
            }
        )
    return drawn


def tune_boosting(
    rows: Rows, aim: Aim, budget: Budget, seed: int, tick: Tick
) -> tuple[Boosting, list[dict[str, Any]]]:
    """A race of settings drawn at random: the worse half is dropped after a heat on two folds or on few rows,
    the rest run on the other folds, and the best again on another partition.

    The number of trees is where the mean log loss over the test folds is least. Settings are ranked by the
    metric aimed at where XGBoost has it (ROC AUC, Brier score as its root), otherwise by log loss. Source:
    Maron and Moore, "Hoeffding races", NIPS 1993; Jamieson and Talwalkar, AISTATS 2016.

    Returns:
        The best settings, and the history of all.
    """
    history: list[dict[str, Any]] = [
        {"params": params, "loss": [], "log_loss": [], "rounds": []}
        for params in configurations(budget.configurations, derive_seed(seed, "configurations"))
    ]
    entrants, keep = history, budget.better_half
    for number, (known, folds) in enumerate(_heats(rows, aim, budget, seed)):
        for entrant in entrants:
            if number == 1 and 0 < budget.first_rows < len(known):  # few rows want fewer trees
                entrant["rounds"].clear()
            _try(entrant, known, aim, folds, (budget.max_rounds, derive_seed(seed, "booster")))
            tick(len(folds), f"boosted trees, heat {number + 1}")
        entrants, keep = sorted(history, key=_standing)[:keep], budget.finalists
    best = entrants[0]
    return Boosting(best["params"], max(1, round(float(np.mean(best["rounds"]))))), history


def _heats(rows: Rows, aim: Aim, budget: Budget, seed: int) -> Iterator[tuple[Rows, Sequence[Fold]]]:
    """Rows and folds of each heat."""
    folds = partition(rows, budget.folds, derive_seed(seed, "tuning", 0), aim.time_ordered)
    if 0 < budget.first_rows < len(rows):
        few = rows.take(thin(rows, budget.first_rows, derive_seed(seed, "first"), aim.time_ordered))
        yield few, partition(few, budget.folds, derive_seed(seed, "heat"), aim.time_ordered)[-HEAT:]
        yield rows, folds
    else:
        yield rows, folds[-HEAT:]
        if len(folds) > HEAT:
            yield rows, folds[:-HEAT]
    if budget.finalists > 1:
        yield rows, partition(rows, budget.folds, derive_seed(seed, "tuning", 1), aim.time_ordered)


def _standing(entry: Mapping[str, Any]) -> tuple[int, float]:
    """Those that came further stand before those that did not."""
    return -len(entry["loss"]), float(np.mean(entry["loss"]))


def _try(
    entry: dict[str, Any], rows: Rows, aim: Aim, folds: Sequence[Fold], schedule: tuple[int, int]
) -> None:
    max_rounds, seed = schedule
    criterion, sign = _CRITERIA.get(aim.metric, ("logloss", 1.0))
    rounds, values = held_out_course(
        booster_params(entry["params"], len(rows), seed),
        training_matrix(aim.columns, rows),
        folds,
        [criterion, "logloss"] if criterion != "logloss" else ["logloss"],
        (max_rounds, PATIENCE),
    )
    entry["rounds"].append(rounds)
    entry["log_loss"].append(values[-1])
    entry["loss"].append(sign * values[0])


def forests_of(budget: Budget) -> list[Forest]:
    """The forests that are tried."""
    return [Forest(budget.trees, leaf) for leaf in budget.leaves]


def tune_forest(
    rows: Rows, aim: Aim, budget: Budget, seed: int, tick: Tick
) -> tuple[Forest, list[dict[str, Any]]]:
    """Tries the sizes of the smallest leaf on one partition with a quarter of the trees; the least mean log
    loss wins.

    Returns:
        The best settings, and the history of all; empty where there was nothing to choose.
    """
    forests = forests_of(budget)
    if len(forests) == 1:
        return forests[0], []
    folds = partition(rows, budget.folds, derive_seed(seed, "tuning", 0), aim.time_ordered)
    losses = []
    for forest in forests:
        smaller = Forest(max(1, forest.trees // 4), forest.min_leaf)
        losses.append(_forest_loss(smaller, rows, aim, folds, derive_seed(seed, "forest")))
        tick(budget.folds, "random forest")
    return forests[int(np.argmin(losses))], forest_history(forests, losses)


def forest_history(forests: Sequence[Forest], losses: Sequence[float]) -> list[dict[str, Any]]:
    """What was tried, for the record."""
    return [
        {"params": each.to_json(), "log_loss": [loss]} for each, loss in zip(forests, losses, strict=True)
    ]


def _forest_loss(forest: Forest, rows: Rows, aim: Aim, folds: Sequence[Fold], seed: int) -> float:
    losses = []
    for train, test in folds:
        log_odds = forest.train(aim.columns, rows.take(train), seed).log_odds(
            aim.columns, rows.features[test]
        )
        held = rows.take(test)
        weights = fitting_weights(held.labels, held.weights)
        losses.append(log_loss(expit(log_odds), held.labels, weights))
    return float(np.mean(losses))


def _rounded(value: float) -> float:
    """Four significant digits read better in a record."""
    return float(f"{value:.4g}")
