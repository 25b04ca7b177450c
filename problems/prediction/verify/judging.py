"""Which bound a certificate on a table rests on, and what it could say at best."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.at_best import AtBest
from escalation.model.problem import Target
from escalation.text.rounding import at_best as rounded_at_best
from escalation.text.wording import counted
from toolbox.arrays.types import Floats, Ints
from toolbox.stats.bounds import METRICS, Bound, bound
from toolbox.stats.sample_size import MOST_ROWS, Judged, rows_needed
from toolbox.stats.site_bounds import LEAST_OF_CLASS, LEAST_ROWS, counts, least_sites, site_bound

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance


@dataclass(frozen=True)
class Sealed:
    """What the verifier knows of the sealed rows, each of shape (n_sealed,).

    Attributes:
        labels: 1 is positive.
        groups: rows of one number depend on each other.
        by_site: whether the groups are sites, the units that are judged.
    """

    labels: Ints
    groups: Ints
    by_site: bool = False

    @property
    def classes(self) -> set[int]:
        """The labels that occur."""
        return {int(label) for label in np.unique(self.labels)}

    def counting(self, metric: str) -> int:
        """Sites that are large enough for the metric."""
        return sum(counts(metric, self.labels[self.groups == site]) for site in np.unique(self.groups))

    def bound(self, metric: str, scores: Floats, alpha: float) -> Bound | None:
        """Bounds a metric by sites or by rows; None where the sites are too few."""
        if self.by_site:
            return site_bound(metric, self.labels, scores, self.groups, alpha)
        return bound(metric, self.labels, scores, self.groups, alpha)

    def best(self, metric: str, alpha: float) -> float | None:
        """The bound of predictions without an error: no others have a better one. None where none holds."""
        if self.missing(metric, alpha):
            return None
        found = self.bound(metric, self.labels.astype(np.float64), alpha)
        assert found is not None
        return found.value

    def judged(self, metric: str, scores: Floats, alpha: float) -> Judged:
        """Returns what the bound was computed from, to be asked how many rows would do."""
        return Judged(metric, self.labels, scores, self.groups, alpha, _of_sites if self.by_site else bound)

    def missing(self, metric: str, alpha: float) -> str:
        """Why nothing can be said of the metric on these rows; empty where something can."""
        if not len(self.labels):
            return "no rows were kept aside to evaluate on"
        lacking = [label for label in METRICS[metric].classes if label not in self.classes]
        if lacking:
            names = " and ".join("positive" if label else "negative" for label in lacking)
            return f"{metric} needs rows kept aside of the {names} class, and there are none"
        least = least_sites(alpha)
        if self.by_site and self.counting(metric) < least:
            have = counted(self.counting(metric), "site kept aside is", "sites kept aside are")
            return f"{have} large enough to count, and no bound holds for a new site with fewer than {least}"
        return ""


def _of_sites(metric: str, labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound:
    found = site_bound(metric, labels, scores, groups, alpha)
    assert found is not None  # nobody asks where the sites are too few
    return found


def sealed(instance: "TableInstance") -> Sealed:
    """Returns the sealed rows' labels and groups."""
    groups = instance.frame["__group__"].iloc[instance.sealed_index].astype(str).to_numpy(dtype=str)
    numbers = np.unique(groups, return_inverse=True)[1]
    return Sealed(np.asarray(instance.sealed_labels, dtype=np.int64), numbers, instance.by_site)


def at_best(instance: "TableInstance", target: Target, alpha: float) -> AtBest:
    """Returns the bound of predictions without an error, and what to say where it falls short.

    Of the sealed rows it looks at the counts of both classes in each group, nothing else.
    """
    rows = sealed(instance)
    best = rows.best(target.metric, alpha)
    if best is None:
        return AtBest(None, reaches=False, said=(_nothing(instance, rows, target, alpha),))
    if target.reached_by(best):
        return AtBest(best, reaches=True)
    return AtBest(best, reaches=False, said=(_short(rows, target, alpha, best),))


def _short(rows: Sealed, target: Target, alpha: float, value: float) -> str:
    n, positives = len(rows.labels), int(rows.labels.sum())
    side = "above" if target.at_least is not None else "below"
    of = f" of {counted(rows.counting(target.metric), 'site', 'sites')}" if rows.by_site else ""
    return (
        f"on {n:,} rows{of} kept aside ({positives:,} of the class to predict) no {target.metric} {side} "
        f"{rounded_at_best(value, target)} can be shown {_confidence(target, alpha)}, however good a model "
        f"is; {target.limit_shown} is asked for: {_would_do(rows, target, alpha)}"
    )


def _would_do(rows: Sealed, target: Target, alpha: float) -> str:
    judged = rows.judged(target.metric, rows.labels.astype(np.float64), alpha)
    needed = rows_needed(judged, target.limit, target.reached_by)
    if needed is None:
        return f"not even {MOST_ROWS:,} such rows would do, so ask for less"
    return f"about {needed:,} such rows would do for predictions without an error, a model needs more"


def _nothing(instance: "TableInstance", rows: Sealed, target: Target, alpha: float) -> str:
    if not rows.by_site:
        return f"nothing can be shown of {target.metric}: {rows.missing(target.metric, alpha)}"
    have, least = rows.counting(target.metric), least_sites(alpha)
    share = least / max(have, 1) * len(np.unique(rows.groups)) / instance.frame["__group__"].nunique()
    helps = (
        f"sealed_fraction: {share:.2g} would keep so many aside"
        if share <= MOST_SEALED
        else "give more sites"
    )
    return (
        f"nothing can be shown of new sites {_confidence(target, alpha)}: of the sites kept aside, {have} "
        f"{'has' if have == 1 else 'have'} {LEAST_ROWS} rows and {LEAST_OF_CLASS} of each class that "
        f"{target.metric} needs, and {least} must have them; {helps}"
    )


MOST_SEALED = 0.7
"""Of the sites: beyond, too few are left to learn from."""


def _confidence(target: Target, alpha: float) -> str:
    share = (
        "" if alpha >= target.alpha * (1 - 1e-9) else f" ({100 * (1 - alpha):.4g} % for each of the steps)"
    )
    return f"with {100 * target.confidence:g} % confidence{share}"
