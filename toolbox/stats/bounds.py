"""One-sided confidence bounds of a metric on untouched rows.

Every bound holds with probability at least 1 - α over the drawing of the rows: exactly (Clopper-Pearson,
Hoeffding, Maurer-Pontil), or, for the area under the ROC curve and for groups, as far as `method` says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import log, sqrt

import numpy as np
from scipy import optimize, stats
from scipy.special import rel_entr

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import auc
from toolbox.stats.groups import kish_size

THRESHOLD = 0.5  # of the score, from which on a row is called positive


@dataclass(frozen=True)
class Bound:
    """A metric on untouched rows: its estimate, and the bound on the side that the target asks about.

    Attributes:
        estimate: of the metric.
        value: lower bound, or upper bound for metrics where less is better.
        method: how it was bounded, with its source.
    """

    estimate: float
    value: float
    method: str


def decisions(scores: Floats) -> Ints:
    """Returns 1 where a row is called positive, 0 elsewhere, shape (rows,)."""
    return (scores >= THRESHOLD).astype(np.int8)


def clopper_pearson_lower(successes: float, trials: float, alpha: float) -> float:
    """Returns the exact lower bound of a proportion (Clopper and Pearson 1934, Biometrika 26:404).

    With fractional counts, as an effective sample size gives them, that of Korn and Graubard (1998),
    Survey Methodology 24:193.
    """
    return 0.0 if successes <= 0 else float(stats.beta.ppf(alpha, successes, trials - successes + 1))


def clopper_pearson_upper(successes: float, trials: float, alpha: float) -> float:
    """Returns the exact upper bound of a proportion; see `clopper_pearson_lower`."""
    return 1.0 - clopper_pearson_lower(trials - successes, trials, alpha)


def hoeffding_upper(losses: Floats, effective: float, alpha: float) -> float:
    """Returns Hoeffding's upper bound of the mean of losses in [0, 1] (1963, JASA 58:13).

    For independent rows the relative-entropy form of his theorem 1; for weighted groups his theorem 2.
    """
    mean = float(losses.mean())
    if effective < len(losses):
        return min(1.0, mean + sqrt(log(1 / alpha) / (2 * effective)))
    # P(mean ≤ m) ≤ exp(-n KL(m, μ)) for m below μ: the bound is the μ where that is α
    budget = log(1 / alpha) / len(losses)

    def excess(mu: float) -> float:
        return float(rel_entr(mean, mu) + rel_entr(1 - mean, 1 - mu)) - budget

    most = 1.0 - 1e-12
    return 1.0 if mean >= most or excess(most) < 0 else float(optimize.brentq(excess, mean, most))


def empirical_bernstein_upper(losses: Floats, alpha: float) -> float:
    """Returns the upper bound of Maurer and Pontil (2009), COLT, theorem 4, for losses in [0, 1]."""
    n, doubt = len(losses), log(2 / alpha)
    if n < 2:
        return 1.0
    spread = sqrt(2 * float(losses.var(ddof=1)) * doubt / n)
    return min(1.0, float(losses.mean()) + spread + 7 * doubt / (3 * (n - 1)))


def _proportion(hits: Flags, groups: Ints, alpha: float) -> tuple[float, float]:
    effective = kish_size(groups)
    share = float(hits.mean())
    return share, clopper_pearson_lower(share * effective, effective, alpha)


def _accuracy(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    share, lower = _proportion(decisions(scores) == labels, groups, alpha)
    return Bound(share, lower, "Clopper-Pearson" + _grouped(groups))


def _of_class(label: int, labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    rows = labels == label
    return _accuracy(labels[rows], scores[rows], groups[rows], alpha)


def _balanced(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    # Bonferroni: both bounds hold at once with 1 - α, whatever the classes have to do with each other
    parts = [_of_class(label, labels, scores, groups, alpha / 2) for label in (0, 1)]
    method = "mean of two Clopper-Pearson bounds at α/2 each" + _grouped(groups)
    return Bound(sum(part.estimate for part in parts) / 2, sum(part.value for part in parts) / 2, method)


def _area(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    estimate = auc.placements(labels, scores).auc
    sizes = [kish_size(groups[labels == label]) for label in (1, 0)]
    smoothed = auc.score_lower(estimate, sizes[0], sizes[1], alpha)
    empirical = auc.delong_lower(labels, scores, groups, alpha)
    variance = "DeLong" if _independent(groups) else "Obuchowski"
    method = f"lesser of {variance} (logit, t) and Hanley-McNeil score bounds; approximate, by simulation"
    return Bound(estimate, min(smoothed, empirical), method + _grouped(groups))


def _brier(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    losses = (scores - labels) ** 2
    if not _independent(groups):
        upper = hoeffding_upper(losses, kish_size(groups), alpha)
        return Bound(float(losses.mean()), upper, "Hoeffding" + _grouped(groups))
    # the lesser of two bounds is wrong where either is, so each gets half of α (Bonferroni)
    upper = min(hoeffding_upper(losses, len(losses), alpha / 2), empirical_bernstein_upper(losses, alpha / 2))
    return Bound(float(losses.mean()), upper, "lesser of Hoeffding and Maurer-Pontil at α/2 each")


def _independent(groups: Ints) -> bool:
    return len(np.unique(groups)) == len(groups)


def _grouped(groups: Ints) -> str:
    if _independent(groups):
        return ""
    return f"; {len(np.unique(groups))} groups of dependent rows, worth {kish_size(groups):.1f} rows (Kish)"


@dataclass(frozen=True)
class BoundedMetric:
    """A metric that can be certified.

    Attributes:
        bound: `bound(labels, scores, groups, alpha)`, arrays of shape (rows,).
        less_is_better: whether the bound is an upper one.
        classes: labels that the rows must have for it to mean anything.
    """

    bound: Callable[[Ints, Floats, Ints, float], Bound]
    less_is_better: bool = False
    classes: tuple[int, ...] = (0, 1)


METRICS: Mapping[str, BoundedMetric] = {
    "roc_auc": BoundedMetric(_area),
    "accuracy": BoundedMetric(_accuracy, classes=()),
    "balanced_accuracy": BoundedMetric(_balanced),
    "sensitivity": BoundedMetric(partial(_of_class, 1), classes=(1,)),
    "specificity": BoundedMetric(partial(_of_class, 0), classes=(0,)),
    "brier": BoundedMetric(_brier, less_is_better=True, classes=()),
}


def bound(metric: str, labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds a metric from one side.

    Args:
        metric: a key of `METRICS`.
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        groups: whole numbers; rows of one number depend on each other, shape (rows,).
        alpha: error allowed, above 0 and below 1.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    return METRICS[metric].bound(labels.astype(np.int64), scores.astype(np.float64), numbers, alpha)
