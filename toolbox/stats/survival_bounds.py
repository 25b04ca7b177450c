"""One-sided bounds of metrics of predicted survival, on rows some of which are censored.

The variance of a metric is that of its influences, summed by group, which count that the censoring
distribution is estimated. The bound is then Clopper and Pearson's at the number of rows that such a variance
is worth (Korn and Graubard 1998, Survey Methodology 24:193), with degrees of freedom by the kurtosis of the
influences (Satterthwaite), and never better than what as many cases without an error would show. Approximate:
`bench/survival_bounds.py` counts how often it is wrong. It holds where censoring has nothing to do with the
event's time; where it visibly depends on the predicted risk (`dependence`) it does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats, Ints
from toolbox.stats import influence, survival_metrics
from toolbox.stats.bounds import Bound, clopper_pearson_lower
from toolbox.stats.groups import group_sums
from toolbox.stats.survival import Censored
from toolbox.stats.survival_metrics import Measured

LEAST_EVENTS = 10
"""By the horizon. Of five expected ones in 100 rows calibration erred in 7 % of sets at 5 % (simulated)."""
LEAST_FOLLOWED = 10
"""Rows known to have outlasted the horizon."""
DEPENDS = 0.01
"""p-value below which censoring is held to depend on the predicted risk, of 1,000 rows and more."""
DEPENDS_FEW = 0.1
"""Likewise of 100 rows and fewer, of which the test sees a dependence too seldom: with 0.01 the bound of a
poor model's Brier score erred in 8 % of sets at 5 % where censoring hangs on the risk (simulated)."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predicted survival of rows that were seen.

    Attributes:
        rows: what was seen of them.
        surviving: probability of no event by each time of the grid, shape (n, T).
        grid: rising times, shape (T,).
        horizon: one of them.
        groups: numbers from 0; rows of one number depend on each other, shape (n,).
    """

    rows: Censored
    surviving: Floats
    grid: Floats
    horizon: float
    groups: Ints

    @property
    def at_horizon(self) -> Floats:
        """Probability of no event by the horizon, shape (n,)."""
        return self.surviving[:, int(np.searchsorted(self.grid, self.horizon))]

    @property
    def risk(self) -> Floats:
        """Probability of the event by the horizon, shape (n,)."""
        return np.asarray(1 - self.at_horizon)

    @property
    def effective(self) -> float:
        """Independent rows that the weighted ones are worth (Kish)."""
        return _kish(self.rows.weights(self.horizon), self.groups)

    def cases(self, power: int) -> float:
        """Independent cases by the horizon that these are worth, with weights to a power."""
        weights = self.rows.weights(self.horizon) ** power
        return _kish(np.where(self.rows.happened(self.horizon), weights, 0.0), self.groups)


def _kish(weights: Floats, groups: Ints) -> float:
    sums = group_sums(weights, groups, int(groups.max(initial=0)) + 1)
    return float(sums.sum() ** 2 / (sums @ sums)) if weights.any() else 0.0


def missing(rows: Censored, horizon: float) -> str:
    """Says why nothing can be bounded at a horizon on these rows; empty where something can."""
    events = int(rows.happened(horizon).sum())
    followed = int(rows.known(horizon).sum()) - events
    if events < LEAST_EVENTS:
        return (
            f"{events} rows have the event by {horizon:g}, and no bound holds with fewer than {LEAST_EVENTS}"
        )
    if followed < LEAST_FOLLOWED:
        return (
            f"{followed} rows are known to be without the event at {horizon:g}, and no bound holds with "
            f"fewer than {LEAST_FOLLOWED}"
        )
    return ""


def depends_below(rows: float) -> float:
    """Returns the p-value of `dependence` below which nothing is bounded, by the number of independent rows.

    The fewer they are the less the test sees, and the more of them the less a bias that it overlooks.
    """
    return float(np.clip(10 / max(rows, 1.0), DEPENDS, DEPENDS_FEW))


def dependence(rows: Censored, risk: Floats, horizon: float) -> float:
    """Returns the p-value of censoring before a horizon having nothing to do with the predicted risk.

    The score test of Cox's model of the censorings on ranks of the risk, two-sided.
    """
    order = np.argsort(-rows.times, kind="stable")
    late, ranks = rows.times[order], stats.rankdata(risk)[order] / len(risk)
    censored = ~rows.events[order] & (late < horizon)
    last = np.searchsorted(-late, -late[censored], side="right")
    # who has the event at the time of a censoring has left before it: so few that it does not matter here
    mean = np.cumsum(ranks)[last - 1] / last
    spread = np.cumsum(ranks**2)[last - 1] / last - mean**2
    variance = float(spread.sum())
    if not variance > 0:
        return 1.0
    return float(2 * stats.norm.sf(abs(float((ranks[censored] - mean).sum())) / sqrt(variance)))


def _lower(found: Measured, groups: Ints, most: float, cases: float, alpha: float) -> float:
    """A lower bound of a share, no better than `cases` without an error; `most` rows tell its variance."""
    share = min(max(found.estimate, 0.0), 1.0)
    error, freedom = influence.spread(found.influence / len(found.influence), groups)
    limit = influence.share_lower(share, error, min(freedom, max(most - 1, 1.0)), alpha)
    return min(limit, clopper_pearson_lower(cases, cases, alpha))


def _upper(found: Measured, groups: Ints, most: float, alpha: float) -> float:
    opposite = Measured(1 - found.estimate, -found.influence)
    return 1 - _lower(opposite, groups, most, most, alpha)


def _of_pairs(of: Predicted, found: Measured, alpha: float) -> float:
    return _lower(found, of.groups, of.effective, of.cases(power=2), alpha)


def _of_area(of: Predicted, found: Measured, alpha: float) -> float:
    cases = of.cases(power=1)
    outlasted = of.rows.known(of.horizon) & ~of.rows.happened(of.horizon)
    fewer = min(cases, _kish(outlasted.astype(np.float64), of.groups))
    return _lower(found, of.groups, cases, fewer, alpha)


def _of_losses(of: Predicted, found: Measured, alpha: float) -> float:
    return _upper(found, of.groups, of.effective, alpha)


def _of_difference(of: Predicted, found: Measured, alpha: float) -> float:
    expected = float(of.risk.mean())
    observed = Measured(found.estimate + expected, found.influence)
    # the true difference has one sign, so that only one of the two sides can be wrong
    low = _lower(observed, of.groups, of.effective, of.effective, alpha) - expected
    return max(_upper(observed, of.groups, of.effective, alpha) - expected, -low)


def _concordance(of: Predicted) -> Measured:
    return survival_metrics.uno_c(of.rows, of.risk, of.horizon)


def _area(of: Predicted) -> Measured:
    return survival_metrics.area_at(of.rows, of.risk, of.horizon)


def _brier(of: Predicted) -> Measured:
    return survival_metrics.brier(of.rows, of.at_horizon, of.horizon)


def _integrated(of: Predicted) -> Measured:
    until = int(np.searchsorted(of.grid, of.horizon)) + 1
    return survival_metrics.integrated_brier(of.rows, of.surviving[:, :until], of.grid[:until])


def _in_the_large(of: Predicted) -> Measured:
    return survival_metrics.calibration_in_the_large(of.rows, of.at_horizon, of.horizon)


METHOD = (
    "weights by the inverse probability of being seen (Kaplan-Meier), Clopper-Pearson at the rows that the "
    "variance is worth (Korn-Graubard); approximate, by simulation, where censoring has nothing to do with "
    "the event"
)


@dataclass(frozen=True)
class SurvivalMetric:
    """A metric of predicted survival that can be certified.

    Attributes:
        measure: the metric and its influences.
        limit: `limit(predicted, measured, alpha)`, the bound.
        less_is_better: whether the bound is an upper one.
        signed: whether `measure` gives a difference, of which the size is what counts.
        name: in the method's words.
    """

    measure: Callable[[Predicted], Measured]
    limit: Callable[[Predicted, Measured, float], float]
    less_is_better: bool = False
    signed: bool = False
    name: str = ""


METRICS: Mapping[str, SurvivalMetric] = {
    "concordance": SurvivalMetric(_concordance, _of_pairs, name="Uno's C up to the horizon"),
    "roc_auc": SurvivalMetric(_area, _of_area, name="cases until and controls after the horizon"),
    "brier": SurvivalMetric(_brier, _of_losses, less_is_better=True, name="at the horizon"),
    "integrated_brier": SurvivalMetric(
        _integrated, _of_losses, less_is_better=True, name="average over time"
    ),
    "calibration_in_the_large": SurvivalMetric(
        _in_the_large,
        _of_difference,
        less_is_better=True,
        signed=True,
        name="observed less predicted risk at the horizon",
    ),
}


def bound(metric: str, predicted: Predicted, alpha: float) -> Bound:
    """Bounds a metric from one side.

    Rows of which `missing` says something bound nothing, nor do predictions that `dependence` speaks against.

    Args:
        metric: a key of `METRICS`.
        predicted: survival of rows that no model has seen.
        alpha: error allowed, above 0 and below 1.
    """
    how = METRICS[metric]
    found = how.measure(predicted)
    return Bound(abs(found.estimate), how.limit(predicted, found, alpha), f"{how.name}; {METHOD}")
