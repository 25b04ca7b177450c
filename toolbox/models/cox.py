"""Cox's proportional hazards on arrays: penalised coefficients, baseline hazard, survival."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from toolbox.arrays.types import Flags, Floats, Index

NEWTON_FEATURES = 300
MOST_STEPS = 50
LARGEST = 30.0
"""Log hazard ratios beyond are as good as certain; e^30 times a baseline is still a number."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Rows from the latest time on, so that running sums go over risk sets.

    Attributes:
        order: positions of the rows, shape (n,).
        last: of each distinct event time the last row still at risk, in this order, shape (m,).
        deaths: events at each of these times, shape (m,).
        event: whether the row in this order has an event, shape (n,).
        until: how many of these times (latest first) are later than each row's own, shape (n,).
    """

    order: Index
    last: Index
    deaths: Floats
    event: Flags
    until: Index


def risk_sets(times: Floats, events: Flags) -> RiskSets:
    """Returns the rows in the order that `partial_likelihood` wants them in."""
    order = np.argsort(-times, kind="stable")
    late, event = times[order], events[order]
    distinct, deaths = np.unique(-late[event], return_counts=True)
    last = np.searchsorted(-late, distinct, side="right") - 1
    return RiskSets(order, last, deaths.astype(np.float64), event, np.searchsorted(distinct, -late))


def _hazards(ordered: RiskSets, log_risk: Floats) -> tuple[Floats, Floats]:
    """The risks, and Breslow's jump at each event time (latest first)."""
    risks = np.exp(np.clip(log_risk, -LARGEST, LARGEST))
    return risks, ordered.deaths / np.cumsum(risks)[ordered.last]


def partial_likelihood(
    coefficients: Floats, features: Floats, ordered: RiskSets, penalty: float
) -> tuple[float, Floats]:
    """Returns the penalised negative log partial likelihood a row, and its gradient.

    Breslow's handling of ties (1974, Biometrics 30:89).

    Args:
        coefficients: shape (p,).
        features: of the rows in the order of `ordered`, shape (n, p).
        ordered: the rows.
        penalty: half of it times the squared coefficients is added.
    """
    log_risk = np.clip(features @ coefficients, -LARGEST, LARGEST)
    risks, jumps = _hazards(ordered, log_risk)
    hazards = _cumulative(ordered, jumps)
    loss = ordered.deaths @ np.log(np.cumsum(risks)[ordered.last]) - log_risk[ordered.event].sum()
    gradient = features.T @ (risks * hazards - ordered.event)
    n = len(log_risk)
    penalised = float(loss) / n + penalty / 2 * float(coefficients @ coefficients)
    return penalised, np.asarray(gradient / n + penalty * coefficients)


def _cumulative(ordered: RiskSets, jumps: Floats) -> Floats:
    """Baseline hazard up to each row's time, shape (n,)."""
    after = np.append(np.cumsum(jumps[::-1])[::-1], 0.0)
    return np.asarray(after[ordered.until])


def fit(features: Floats, times: Floats, events: Flags, penalty: float) -> Floats:
    """Returns the coefficients that minimise `partial_likelihood`.

    Newton's method with halved steps for up to 300 features, L-BFGS beyond.

    Args:
        features: standardised, shape (n, p).
        times: of event or censoring, shape (n,).
        events: whether it was an event, shape (n,); at least one.
        penalty: above 0 where features are collinear or many.

    Returns:
        Shape (p,).
    """
    ordered = risk_sets(times, events)
    data = np.ascontiguousarray(features[ordered.order], dtype=np.float64)
    start = np.zeros(data.shape[1])
    if data.shape[1] > NEWTON_FEATURES:
        found = optimize.minimize(
            partial_likelihood, start, (data, ordered, penalty), jac=True, method="L-BFGS-B"
        )
        return np.asarray(found.x, dtype=np.float64)
    return _newton(data, ordered, penalty, start)


def _newton(data: Floats, ordered: RiskSets, penalty: float, at: Floats) -> Floats:
    loss, gradient = partial_likelihood(at, data, ordered, penalty)
    for _ in range(MOST_STEPS):
        step = np.linalg.lstsq(_hessian(at, data, ordered, penalty), gradient, rcond=None)[0]
        size = 1.0
        while size > 1e-6:
            better, slope = partial_likelihood(at - size * step, data, ordered, penalty)
            if better <= loss:
                break
            size /= 2
        else:
            break
        at, gain, loss, gradient = at - size * step, loss - better, better, slope
        if gain < 1e-12:
            break
    return at


def _hessian(at: Floats, data: Floats, ordered: RiskSets, penalty: float) -> Floats:
    risks, jumps = _hazards(ordered, data @ at)
    means = np.cumsum(data * risks[:, None], axis=0)[ordered.last] / np.cumsum(risks)[ordered.last, None]
    spread = (data * (risks * _cumulative(ordered, jumps))[:, None]).T @ data
    between = (means * ordered.deaths[:, None]).T @ means
    return np.asarray((spread - between) / len(data) + penalty * np.eye(data.shape[1]))


@dataclass(frozen=True, eq=False)
class Baseline:
    """From log risks to survival.

    Attributes:
        slope: what a log risk is multiplied by: below 1 where it was too sure of itself.
        grid: rising times, shape (T,).
        hazard: cumulative baseline hazard by each, shape (T,).
    """

    slope: float
    grid: Floats
    hazard: Floats

    def surviving(self, log_risk: Floats) -> Floats:
        """Returns the probability of no event by each time of the grid, shape (n, T)."""
        risks = np.exp(np.clip(self.slope * log_risk, -LARGEST, LARGEST))
        return np.exp(-risks[:, None] * self.hazard[None, :])


def baseline(
    log_risk: Floats, times: Floats, events: Flags, grid: Floats, calibrated: bool = True
) -> Baseline:
    """Returns Breslow's baseline hazard for log risks (Breslow 1972, JRSS B 34:216).

    Args:
        log_risk: shape (n,); best of rows that their model has not seen: the slope undoes overfitting.
        times: of event or censoring, shape (n,).
        events: whether it was an event, shape (n,).
        grid: rising times, shape (T,).
        calibrated: whether the slope is fitted (a Cox model on the log risk alone, van Houwelingen 2000,
            Statistics in Medicine 19:3401), never below 0; else it is 1.
    """
    centre = float(log_risk.mean())
    slope = 1.0
    if calibrated and float(np.ptp(log_risk)) > 0:
        slope = max(0.0, float(fit((log_risk - centre)[:, None], times, events, 1e-6)[0]))
    ordered = risk_sets(times, events)
    jumps = _hazards(ordered, slope * log_risk[ordered.order])[1][::-1]
    late = -np.unique(-times[events])[::-1]
    hazard = np.append(0.0, np.cumsum(jumps))[np.searchsorted(late, grid, side="right")]
    return Baseline(slope, np.asarray(grid, dtype=np.float64), hazard)
