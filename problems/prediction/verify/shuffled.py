"""Beside every certificate with more columns than rows: what a simple learner finds, and what with shuffled
labels.

It looks at open rows alone, and at no candidate: a learner that is fixed beforehand, so that it can be had
for every tier and task at the cost of a second. Where it finds no more than in shuffled labels, nobody should
expect a model that was searched for to find it; where it finds more, that is no proof of the model: the bound
on rows kept aside is."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.tables.encoding import encode, one_hot
from problems.prediction.tables.table import width
from problems.prediction.tasks.task import Outcomes, outcomes_of
from toolbox.arrays.types import Floats, Index
from toolbox.stats import permutation
from toolbox.stats.splits import codes

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

MOST_ROWS = 2000
"""Open rows that are looked at: the cost grows with their third power."""
BY_CHANCE = 0.05


def shuffled_labels(instance: "TableInstance") -> dict[str, Any]:
    """Returns, as JSON, the scores and the p-value; empty where columns do not outnumber the open rows."""
    if width(instance.columns) <= len(instance.open_index):
        return {}
    index = _some(instance)
    frame = instance.frame.iloc[index]
    groups = codes(frame["__group__"].to_list())
    own = np.arange(len(groups))
    features = one_hot(instance.columns, encode(instance.columns, frame)).astype(np.float64)
    labels, score, name = _asked(outcomes_of(frame), instance.asked.task)
    smoother = permutation.ridge_smoother(features, permutation.group_folds(groups))
    # people of one site change places with one another, else dependent rows with others as a whole
    units, strata = (own, groups) if instance.by_site else (groups, np.zeros_like(own))
    found = permutation.shuffled_labels(labels, units, strata, partial(score, smoother))
    if found is None:
        return {"rows": len(index), "because": "fewer than six groups of rows can change places"}
    return {
        "rows": len(index),
        "score": name,
        "value": found.score,
        "mean_of_shuffled": float(found.shuffled.mean()),
        "shuffles": len(found.shuffled),
        "p_value": found.p_value,
    }


def in_words(found: Any) -> str:
    """`a simple learner reaches 0.90 (ROC area, …) and 0.49 with shuffled labels: p = 0.001`; empty of
    nothing."""
    if not found or "p_value" not in found:
        return f"not done: {found['because']}" if found else ""
    return (
        f"a simple learner reaches {found['value']:.2f} ({found['score']}, cross-validated on "
        f"{found['rows']} open rows), "
        f"and {found['mean_of_shuffled']:.2f} on average of {found['shuffles']} shuffles: p = "
        f"{found['p_value']:.3f}"
    )


def reason(found: dict[str, Any]) -> str:
    """What is said where a certificate was missed, and no more was found than by chance; else empty."""
    if found.get("p_value", 0.0) <= BY_CHANCE:
        return ""
    return f"labels shuffled: {in_words(found)}, so what the columns say of the outcome may be chance"


def _some(instance: "TableInstance") -> Index:
    """The open rows, or whole groups of them up to `MOST_ROWS`, drawn without a look at labels."""
    index = instance.open_index
    if len(index) <= MOST_ROWS:
        return index
    groups = codes(instance.frame["__group__"].iloc[index].to_list())
    order = np.random.default_rng(permutation.SEED).permutation(int(groups.max()) + 1)
    rows = np.argsort(order[groups], kind="stable")[:MOST_ROWS]
    return index[np.sort(rows)]


def _asked(outcomes: Outcomes, task: str) -> tuple[Floats, Any, str]:
    """Labels as numbers, the score of held-out predictions, and its name."""
    values = outcomes.values.astype(np.float64)
    if outcomes.events is not None:
        scores = permutation.log_rank_scores(values, outcomes.events.astype(np.int8))
        return scores, permutation.rank_correlations, "rank correlation with the log-rank scores"
    if task in ("binary", "multiclass"):
        return values, permutation.areas, "ROC area"
    return values, permutation.rank_correlations, "rank correlation"
