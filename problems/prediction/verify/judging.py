"""Which bound a certificate on a table rests on, and what it could say at best."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.at_best import AtBest
from escalation.model.problem import Target
from escalation.text.rounding import at_best as rounded_at_best
from escalation.text.wording import counted
from problems.prediction.tasks.site_values import counts
from problems.prediction.tasks.task import Asking, Outcomes, Task, task
from problems.prediction.verify.by_site import bound_by_site
from toolbox.arrays.types import Floats, Ints
from toolbox.stats.bounds import Bound
from toolbox.stats.sample_size import MOST_ROWS, Judged, rows_needed
from toolbox.stats.site_bounds import LEAST_OF_CLASS, LEAST_ROWS, least_sites

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance


@dataclass(frozen=True, eq=False)
class Sealed:
    """What the verifier knows of the sealed rows.

    Attributes:
        outcomes: with groups; rows of one number depend on each other.
        asked: what is asked of them.
        by_site: whether the groups are sites, the units that are judged.
    """

    outcomes: Outcomes
    asked: Asking
    by_site: bool = False

    @property
    def task(self) -> Task:
        """How they are judged."""
        return task(self.asked.task)

    @property
    def groups(self) -> Ints:
        """Numbers from 0, shape (n_sealed,)."""
        return self.outcomes.grouped

    @property
    def perfect(self) -> Floats:
        """Predictions without an error."""
        return self.task.perfect(self.outcomes, self.asked)

    def side(self, metric: str) -> str:
        """From which a target on the metric is reached."""
        return self.task.metrics[metric].side

    def counting(self, metric: str) -> int:
        """Sites that are large enough for the metric."""
        return sum(
            counts(self.outcomes.take(self.groups == site), metric, self.asked)
            for site in np.unique(self.groups)
        )

    def bound(self, metric: str, predictions: Floats, alpha: float) -> Bound | None:
        """Bounds a metric by sites or by rows; None where the sites are too few, or no bound is finite."""
        found = _bounded(self, metric, self.outcomes, predictions, alpha)
        return found if found is not None and isfinite(found.value) else None

    def best(self, metric: str, alpha: float) -> float | None:
        """The bound of predictions without an error: no others have a better one. None where none holds."""
        if self.missing(metric, alpha):
            return None
        found = self.bound(metric, self.perfect, alpha)
        return None if found is None else found.value

    def judged(self, metric: str, predictions: Floats, alpha: float) -> Judged:
        """Returns what the bound was computed from, to be asked how many rows would do."""

        def by(_: str, places: Ints, repeated: Floats, groups: Ints, error: float) -> Bound:
            rows = replace(self.outcomes.take(places.astype(np.intp)), groups=groups)
            found = _bounded(self, metric, rows, repeated, error)
            assert found is not None  # nobody asks where the sites are too few
            return found

        places = np.arange(len(self.outcomes))
        return Judged(metric, places, predictions, self.groups, alpha, by)

    def missing(self, metric: str, alpha: float) -> str:
        """Why nothing can be said of the metric on these rows; empty where something can."""
        if not len(self.outcomes):
            return "no rows were kept aside to evaluate on"
        needed = self.task.needed(metric, self.outcomes, self.asked)
        lacking = [what for what, rows in needed.items() if not rows.any()]
        if lacking:
            return f"{metric} needs rows kept aside {' and '.join(lacking)}, and there are none"
        least = least_sites(alpha)
        if self.by_site and self.counting(metric) < least:
            have = counted(self.counting(metric), "site kept aside is", "sites kept aside are")
            return f"{have} large enough to count, and no bound holds for a new site with fewer than {least}"
        return ""

    def boundless(self, metric: str) -> str:
        """What is said where no bound is finite, not even of predictions without an error."""
        return f"no bound of {metric} is finite on so few rows kept aside ({len(self.outcomes):,})"


def _bounded(rows: Sealed, metric: str, taken: Outcomes, predictions: Floats, alpha: float) -> Bound | None:
    if rows.by_site:
        return bound_by_site(metric, taken, predictions, rows.asked, alpha)
    return rows.task.bound(metric, taken, predictions, rows.asked, alpha)


def sealed(instance: "TableInstance") -> Sealed:
    """Returns the sealed rows' outcomes and groups."""
    groups = instance.frame["__group__"].iloc[instance.sealed_index].astype(str).to_numpy(dtype=str)
    numbers = np.unique(groups, return_inverse=True)[1]
    return Sealed(replace(instance.sealed_outcomes, groups=numbers), instance.asked, instance.by_site)


def at_best(instance: "TableInstance", target: Target, alpha: float) -> AtBest:
    """Returns the bound of predictions without an error, and what to say where it falls short.

    Of the sealed rows it looks at what predictions without an error look at: counts of kinds of rows in each
    group, or the numbers.
    """
    rows = sealed(instance)
    best = rows.best(target.metric, alpha)
    if best is None:
        return AtBest(None, reaches=False, said=(_nothing(instance, rows, target, alpha),))
    if target.reached_by(best):
        return AtBest(best, reaches=True)
    return AtBest(best, reaches=False, said=(_short(rows, target, alpha, best),))


def _short(rows: Sealed, target: Target, alpha: float, value: float) -> str:
    side = "above" if target.at_least is not None else "below"
    of = f" of {counted(rows.counting(target.metric), 'site', 'sites')}" if rows.by_site else ""
    return (
        f"on {len(rows.outcomes):,} rows{of} kept aside{_of_kinds(rows)} no {target.metric} {side} "
        f"{rounded_at_best(value, target)} can be shown {_confidence(target, alpha)}, however good a model "
        f"is; {target.limit_shown} is asked for: {_would_do(rows, target, alpha)}"
    )


def _of_kinds(rows: Sealed) -> str:
    """` (12 of the class to predict)`, ` (7 of class 'c')`: what there is least of."""
    if rows.asked.task == "binary":
        return f" ({int(rows.outcomes.values.sum()):,} of the class to predict)"
    kinds = {what: int(each.sum()) for what, each in rows.task.kinds(rows.outcomes, rows.asked).items()}
    rarest = min(kinds, key=lambda what: kinds[what])
    return f" ({kinds[rarest]:,} {rarest})" if len(kinds) > 1 else ""


def _would_do(rows: Sealed, target: Target, alpha: float) -> str:
    if rows.asked.task == "time_to_event":  # its bound of 200,000 rows takes a minute, and the search many
        return "keep more rows aside, or ask for less"
    judged = rows.judged(target.metric, rows.perfect, alpha)
    needed = rows_needed(judged, target.limit, target.reached_by)
    if needed is None:
        return f"not even {MOST_ROWS:,} such rows would do, so ask for less"
    return f"about {needed:,} such rows would do for predictions without an error, a model needs more"


def _nothing(instance: "TableInstance", rows: Sealed, target: Target, alpha: float) -> str:
    if not rows.by_site:
        why = rows.missing(target.metric, alpha) or rows.boundless(target.metric)
        return f"nothing can be shown of {target.metric}: {why}"
    have, least = rows.counting(target.metric), least_sites(alpha)
    share = least / max(have, 1) * len(np.unique(rows.groups)) / instance.frame["__group__"].nunique()
    helps = (
        f"sealed_fraction: {share:.2g} would keep so many aside"
        if share <= MOST_SEALED
        else "give more sites"
    )
    kinds = rows.task.needed(target.metric, rows.outcomes, rows.asked)
    of_each = f" and {LEAST_OF_CLASS} of each kind that {target.metric} needs" if kinds else ""
    return (
        f"nothing can be shown of new sites {_confidence(target, alpha)}: of the sites kept aside, {have} "
        f"{'has' if have == 1 else 'have'} {LEAST_ROWS} rows{of_each}, and {least} must have them; {helps}"
    )


MOST_SEALED = 0.7
"""Of the sites: beyond, too few are left to learn from."""


def _confidence(target: Target, alpha: float) -> str:
    share = (
        "" if alpha >= target.alpha * (1 - 1e-9) else f" ({100 * (1 - alpha):.4g} % for each of the steps)"
    )
    return f"with {100 * target.confidence:g} % confidence{share}"
