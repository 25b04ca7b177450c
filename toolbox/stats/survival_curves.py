"""What the report shows of predicted survival: rows by predicted risk, as they were seen. No drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.special import ndtri

from toolbox.arrays.types import Floats
from toolbox.stats.bounds import clopper_pearson_upper
from toolbox.stats.survival import Censored, Steps, kaplan_meier
from toolbox.stats.survival_bounds import Predicted

PARTS = 3
LEAST_PER_PART = 20


@dataclass(frozen=True, eq=False)
class RiskGroup:
    """Rows of about equal predicted risk.

    Attributes:
        rows: how many.
        events: of them seen by the horizon.
        predicted: mean predicted risk by the horizon.
        observed: one less Kaplan-Meier there.
        low: lower limit of that, two-sided 95 %.
        high: upper limit.
        curve: Kaplan-Meier.
        expected: mean predicted survival by each time of the grid, shape (T,).
        times: until which each of them was seen, shape (rows,).
    """

    rows: int
    events: int
    predicted: float
    observed: float
    low: float
    high: float
    curve: Steps
    expected: Floats
    times: Floats

    def followed(self, stops: Sequence[float]) -> tuple[int, ...]:
        """Rows that are still at risk at each time."""
        return tuple(int(np.sum(self.times >= stop)) for stop in stops)


def risk_groups(of: Predicted, parts: int = PARTS) -> tuple[RiskGroup, ...]:
    """Returns groups of about equally many rows by predicted risk, lowest first; equal risks share one."""
    parts = max(1, min(parts, len(of.risk) // LEAST_PER_PART))
    edges = np.quantile(of.risk, np.arange(1, parts) / parts)
    place = np.searchsorted(edges, of.risk, side="right")
    return tuple(_group(of, place == each) for each in np.unique(place))


def _group(of: Predicted, own: Floats) -> RiskGroup:
    rows = Censored(of.rows.times[own], of.rows.events[own])
    curve = kaplan_meier(rows.times, rows.events)
    low, high = risk_limits(curve, of.horizon, int(np.sum(rows.times >= of.horizon)))
    return RiskGroup(
        rows=len(rows.times),
        events=int(rows.happened(of.horizon).sum()),
        predicted=float(of.risk[own].mean()),
        observed=1 - float(curve.at(np.array([of.horizon]))[0]),
        low=low,
        high=high,
        curve=curve,
        expected=of.surviving[own].mean(axis=0),
        times=rows.times,
    )


def risk_limits(curve: Steps, time: float, followed: int, level: float = 0.95) -> tuple[float, float]:
    """Returns the two-sided limits of the risk by a time, on the scale of log(-log S).

    Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, §1.4. Where no row had the
    event, or all had it, Clopper and Pearson's of the rows that were followed so far.

    Args:
        curve: Kaplan-Meier.
        time: of the risk.
        followed: rows that were seen at the time.
        level: of both limits together.
    """
    place = int(np.searchsorted(curve.times, time, side="right")) - 1
    surviving = float(curve.values[place]) if place >= 0 else 1.0
    tail = (1 - level) / 2
    if surviving >= 1:
        return 0.0, clopper_pearson_upper(0, followed, tail) if followed else 1.0
    if surviving <= 0:
        return 0.0, 1.0
    step = -float(ndtri(tail)) * float(curve.errors[place]) / (surviving * abs(log(surviving)))
    return 1 - surviving ** exp(-step), 1 - surviving ** exp(step)


def net_benefit(of: Predicted, thresholds: Floats) -> Floats:
    """Returns the net benefit of acting on the rows whose predicted risk by the horizon reaches a threshold.

    Vickers, Cronin, Elkin and Gonen (2008), BMC Medical Informatics and Decision Making 8:53: events and
    others among these are counted by Kaplan-Meier.

    Args:
        of: predictions, and what was seen.
        thresholds: risks from which on one would act, above 0 and below 1, shape (points,).

    Returns:
        Shape (points,), in events found per row.
    """
    found = np.zeros(len(thresholds))
    for place, threshold in enumerate(thresholds):
        acted = of.risk >= threshold
        if acted.any():
            surviving = kaplan_meier(of.rows.times[acted], of.rows.events[acted])
            without = float(surviving.at(np.array([of.horizon]))[0])
            found[place] = acted.mean() * ((1 - without) - without * threshold / (1 - threshold))
    return found
