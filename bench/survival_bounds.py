"""How often bounds of metrics of predicted survival are wrong, on simulated censored data.

    python -m bench.survival_bounds [--sets 2000] [--censoring random ...] [--rows 100 300 1000]

Method. Times to the event follow a Weibull model with proportional hazards of two features. Censoring takes
20, 50 or 70 % of the rows, in one of four ways: `administrative` (uniform entry, one end of the study),
`random` (exponential), `mild` and `strong` (exponential with a hazard that hangs on the first feature: ratio
1.25 and 1.65 a standard deviation). Predicted survival comes from the true model, from one with a wrong
feature, from one that is twice too sure, and from the true one where risks lie far apart (C of 0.93). The
horizon is the time by which 60 % of the rows are gone, or 15 %. Rows come alone, or in pairs that repeat each
other entirely. On each set, every metric is bounded at α = 0.05 and 0.05/3; sets on which nothing is bounded
(too few events, censoring that visibly depends on the predicted risk) have no wrong bound, and are counted.
The truth is that of 400,000 rows (C: 4,000,000 pairs) without censoring. A rate may exceed α by three
standard errors.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, product
from math import sqrt
from typing import Any

import numpy as np

from toolbox.arrays.types import Floats
from toolbox.stats import survival_metrics
from toolbox.stats.auc import placements
from toolbox.stats.groups import kish_size
from toolbox.stats.survival import Censored
from toolbox.stats.survival_bounds import METRICS, Predicted, dependence, depends_below, missing

SEED = 20_261_127
ALPHAS = (0.05, 0.05 / 3)
SHAPE = 1.3
DRAWN = 400_000
PAIRS = 4_000_000
GRID = 8
MODELS: Mapping[str, tuple[float, float]] = {
    "true": (1.0, 1.0),
    "poor": (0.6, 0.0),
    "sure": (1.5, 2.0),
    "apart": (4.0, 1.0),
}
"""How far apart the log hazards are, and what the model multiplies them by; 0 stands for the wrong model."""
HANGS = {"administrative": 0.0, "random": 0.0, "mild": np.log(1.25), "strong": np.log(1.65)}


@dataclass(frozen=True)
class Scenario:
    """What is simulated: see the module."""

    censoring: str
    share: float
    model: str
    gone: float = 0.6
    pairs: bool = False

    def latent(self, rng: np.random.Generator, n: int, scale: float) -> tuple[Floats, Floats, Floats]:
        """Features, times of the event, times of censoring."""
        features = rng.normal(size=(n, 3))
        until = (rng.exponential(size=n) * np.exp(-self.log_hazard(features))) ** (1 / SHAPE)
        if self.censoring == "administrative":
            return features, until, scale * (0.5 + rng.random(n))
        slower = np.exp(-HANGS[self.censoring] * features[:, 0])
        return features, until, scale * rng.exponential(size=n) * slower

    def log_hazard(self, features: Floats) -> Floats:
        return np.asarray(MODELS[self.model][0] * (features[:, 0] + 0.5 * features[:, 1]))

    def surviving(self, features: Floats, grid: Floats) -> Floats:
        """What the model predicts, shape (n, T)."""
        times = MODELS[self.model][1]
        wrong = 0.4 * features[:, 0] + 0.6 * features[:, 2]
        log_hazard = times * self.log_hazard(features) if times else wrong
        return np.asarray(np.exp(-(grid[None, :] ** SHAPE) * np.exp(log_hazard)[:, None]))

    def scale(self) -> float:
        """Of the censoring times, so that they take the share."""
        low, high = 1e-4, 1e5
        for _ in range(25):
            middle = sqrt(low * high)
            _, until, followed = self.latent(np.random.default_rng(SEED), 20_000, middle)
            low, high = (middle, high) if np.mean(followed < until) > self.share else (low, middle)
        return middle


def truth(scenario: Scenario, rng: np.random.Generator, scale: float) -> tuple[Floats, dict[str, float]]:
    """Returns the grid, whose end is the horizon, and the metrics on many rows without censoring."""
    features, until, followed = scenario.latent(rng, DRAWN, scale)
    horizon = float(np.quantile(np.minimum(until, followed), scenario.gone))
    grid = np.linspace(horizon / GRID, horizon, GRID)
    surviving = scenario.surviving(features, grid)
    everybody = Censored(until, np.ones(DRAWN, dtype=bool))
    risk = 1 - surviving[:, -1]
    large = float(np.mean(until <= horizon) - np.mean(1 - surviving[:, -1]))
    return grid, {
        "concordance": _concordance(rng, until, risk, horizon),
        "roc_auc": placements((until <= horizon).astype(np.int64), risk).auc,
        "brier": survival_metrics.brier(everybody, surviving[:, -1], horizon).estimate,
        "integrated_brier": survival_metrics.integrated_brier(everybody, surviving, grid).estimate,
        "calibration_in_the_large": abs(large),
    }


def _concordance(rng: np.random.Generator, until: Floats, risk: Floats, horizon: float) -> float:
    one, other = rng.integers(0, DRAWN, (2, PAIRS))
    first = np.where(until[one] < until[other], one, other)
    second = one + other - first
    counted = until[first] < np.minimum(until[second], horizon)
    won = (risk[first] > risk[second]) + 0.5 * (risk[first] == risk[second])
    return float(won[counted].mean())


def wrong(scenario: Scenario, rows: int, sets: int, seed: int) -> tuple[dict[str, Floats], float]:
    """Returns by metric, for each α, the share of sets with a wrong bound; and of those with none."""
    rng, scale = np.random.default_rng([SEED, seed]), scenario.scale()
    grid, true = truth(scenario, rng, scale)
    errors, without = {metric: np.zeros(len(ALPHAS)) for metric in METRICS}, 0
    for _ in range(sets):
        predicted = drawn(scenario, rng, rows, scale, grid)
        seen, horizon = predicted.rows, predicted.horizon
        least = depends_below(kish_size(predicted.groups))
        if missing(seen, horizon) or dependence(seen, predicted.risk, horizon) < least:
            without += 1
            continue
        for metric, how in METRICS.items():
            found = how.measure(predicted)
            values = np.array([how.limit(predicted, found, alpha) for alpha in ALPHAS])
            errors[metric] += values < true[metric] if how.less_is_better else values > true[metric]
    return {metric: each / sets for metric, each in errors.items()}, without / sets


def drawn(scenario: Scenario, rng: np.random.Generator, rows: int, scale: float, grid: Floats) -> Predicted:
    """One set of rows, with what the model predicts."""
    times = 2 if scenario.pairs else 1
    each: Any = scenario.latent(rng, rows // times, scale)
    features, until, followed = (np.repeat(part, times, axis=0) for part in each)
    seen = Censored(np.minimum(until, followed), until <= followed)
    surviving = scenario.surviving(features, grid)
    return Predicted(seen, surviving, grid, float(grid[-1]), np.repeat(np.arange(rows // times), times))


def cells(censoring: str) -> list[tuple[int, Scenario]]:
    """Numbers of rows with what is simulated of them: most where few rows make it hard."""
    few = product((100,), (0.2, 0.5, 0.7), MODELS, (0.6,)), product((100,), (0.2, 0.7), MODELS, (0.15,))
    more = product((300,), (0.5,), MODELS, (0.6,)), product((1000,), (0.7,), MODELS, (0.6,))
    found = [
        (rows, Scenario(censoring, share, model, gone)) for rows, share, model, gone in chain(*few, *more)
    ]
    return [*found, (300, Scenario(censoring, 0.5, "true", 0.6, pairs=True))]


def main() -> None:
    """Prints a line a scenario, and the worst of each kind of censoring."""
    parser = argparse.ArgumentParser(description="Counts how often bounds of survival metrics are wrong.")
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--censoring", nargs="+", choices=HANGS, default=list(HANGS))
    parser.add_argument("--rows", type=int, nargs="+", help="only sets of so many rows")
    asked = parser.parse_args()
    print(f"{asked.sets} sets a line; wrong at α = 0.05 and 0.0167; without: share of sets with no bound")
    print(f"{'':50}" + "  ".join(f"{metric[:15]:15}" for metric in METRICS) + "  without")
    for censoring in asked.censoring:
        worst = {metric: np.zeros(len(ALPHAS)) for metric in METRICS}
        for seed, (rows, scenario) in enumerate(cells(censoring)):
            if asked.rows and rows not in asked.rows:
                continue
            rates, without = wrong(scenario, rows, asked.sets, seed)
            worst = {metric: np.maximum(worst[metric], rate) for metric, rate in rates.items()}
            what = f"{censoring:14} {rows:4d} rows {scenario.share:.0%} {scenario.model:5}"
            what += f" {scenario.gone:.0%} gone" + (" pairs" if scenario.pairs else "")
            print(f"{what:50}" + _shown(rates) + f"  {without:.3f}", flush=True)
        print(f"{'worst of ' + censoring:50}" + _shown(worst))
    for alpha in ALPHAS:
        print(f"allowed at α = {alpha:.4f}: {alpha + 3 * sqrt(alpha * (1 - alpha) / asked.sets):.4f}")


def _shown(rates: Mapping[str, Floats]) -> str:
    return "  ".join(f"{first:.4f} {second:.4f}  " for first, second in rates.values())


if __name__ == "__main__":
    main()
