"""Times to an event, some of them censored: Kaplan-Meier, the censoring distribution, and weights by it.

A row was seen until its time, when the event happened or observation ended. Rows whose state at a horizon is
known count by the inverse of the probability that it is (Robins and Rotnitzky 1992; Graf and others 1999,
Statistics in Medicine 18:2529), estimated by Kaplan-Meier of the censoring: no censored row is dropped, each
makes those that outlast it count for more. The weights are not truncated; the horizon bounds them.

An event at the very time of a censoring comes first, and who is censored at the horizon has outlasted it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from toolbox.arrays.types import Flags, Floats, Ints


@dataclass(frozen=True, eq=False)
class Steps:
    """A curve that starts at 1 and falls in steps.

    Attributes:
        times: of the steps, rising, shape (steps,).
        values: from each step on, shape (steps,).
        errors: Greenwood's standard errors of them (1926), shape (steps,).
        at_risk: rows at risk just before each, shape (steps,).
        happened: rows with the event at each, shape (steps,).
    """

    times: Floats
    values: Floats
    errors: Floats
    at_risk: Ints
    happened: Ints

    def at(self, times: Floats) -> Floats:
        """The curve at each time, its step there included, shape of `times`."""
        return np.append(1.0, self.values)[np.searchsorted(self.times, times, side="right")]

    def before(self, times: Floats) -> Floats:
        """The curve just before each time, shape of `times`."""
        return np.append(1.0, self.values)[np.searchsorted(self.times, times, side="left")]


def kaplan_meier(times: Floats, events: Flags) -> Steps:
    """Returns the share without an event by time (Kaplan and Meier 1958, JASA 53:457).

    Args:
        times: of event or censoring, shape (n,).
        events: whether it was an event, shape (n,).
    """
    return _steps(times, events, np.zeros(len(times), dtype=bool))


def _steps(times: Floats, counted: Flags, gone: Flags) -> Steps:
    """The product-limit curve of `counted`; rows that are `gone` leave the risk set before their time."""
    order = np.unique(times)
    place = np.searchsorted(order, times)
    rows = np.bincount(place, minlength=len(order))
    happened = np.bincount(place[counted], minlength=len(order))
    at_risk = rows[::-1].cumsum()[::-1] - np.bincount(place[gone], minlength=len(order))
    kept = happened > 0
    happened, at_risk = happened[kept], at_risk[kept]
    values = np.asarray(np.cumprod(1 - happened / at_risk), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(happened / (at_risk * (at_risk - happened)))
        errors = np.where(values > 0, values * np.sqrt(greenwood), 0.0)
    return Steps(order[kept], values, errors, at_risk, happened)


@dataclass(frozen=True, eq=False)
class Censored:
    """Rows with a time each, some censored.

    Attributes:
        times: of event or censoring, above or equal to 0, shape (n,).
        events: whether the time is that of the event, shape (n,).
    """

    times: Floats
    events: Flags

    @cached_property
    def still_seen(self) -> Steps:
        """Probability of not being censored yet, by time: Kaplan-Meier of the censorings."""
        return _steps(self.times, ~self.events, self.events)

    def known(self, horizon: float) -> Flags:
        """Rows whose state at the horizon is known, shape (n,)."""
        return self.events | (self.times >= horizon)

    def happened(self, horizon: float) -> Flags:
        """Rows that had the event by the horizon, shape (n,)."""
        return self.events & (self.times <= horizon)

    def weights(self, horizon: float) -> Floats:
        """One over the probability of being known at the horizon, 0 where it is not, shape (n,).

        They sum to n.
        """
        seen = self.still_seen.before(np.minimum(self.times, horizon))
        return np.where(self.known(horizon), 1 / np.where(seen > 0, seen, 1.0), 0.0)

    def of_censoring(self, amounts: Floats, horizon: float) -> Floats:
        """How each row moves Σ amounts through the censoring distribution that they are divided by.

        With `amounts` proportional to the weights at `horizon`, this is what the estimation of the weights
        adds to the influence of each row: the infinitesimal jackknife of Kaplan-Meier (Efron 1981, JASA
        76:312), a martingale integral in the limit (Uno and others 2011, Statistics in Medicine 30:1105,
        appendix).

        Args:
            amounts: shape (n,).
            horizon: the amounts are divided by the curve just before min(time, horizon).

        Returns:
            Shape (n,); sums to 0.
        """
        steps = self.still_seen
        at = steps.times
        until = np.minimum(self.times, horizon)
        # amounts of rows that are divided by a curve that has the step in it
        place = np.searchsorted(at, until, side="left")
        below = np.bincount(place, weights=amounts, minlength=len(at) + 1)
        beyond = amounts.sum() - np.cumsum(below)[: len(at)]
        left = steps.at_risk - steps.happened
        by_left = np.where(left > 0, beyond / np.maximum(left, 1), 0.0)
        drift = np.append(0.0, np.cumsum(by_left - beyond / steps.at_risk))
        # who has an event at a step's time is not at risk of that censoring, who is censored there is
        reached = np.searchsorted(at, self.times, side="left") + ~self.events
        own = np.where(self.events, 0.0, np.append(by_left, 0.0)[np.searchsorted(at, self.times)])
        return np.asarray(own - drift[reached])
