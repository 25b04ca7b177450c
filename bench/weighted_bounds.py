"""How often bounds of metrics of weighted rows are wrong, on simulated collisions.

    python -m bench.weighted_bounds [--sets 2000] [--rows 100 300 1000] [--only brier]

Method. Scores of signal and background are normal, a distance apart, put through a logistic map. Weights are:
`equal`; `gamma` of shape 2 in both classes; `tiny signal`, gamma with the signal's a hundredth of the
background's, as in the Higgs challenge; `heavy`, log-normal with standard deviation 1; `hard are heavy`,
where the weight grows with how much a background row looks like signal; `rare and hard`, one row in two
hundred of weight 50, which looks like the other class. A set is a quarter of a table whose heaviest rows are
known. On each set every metric is bounded at α = 0.05 and 0.05/3; it is wrong where it claims more than is
true of 2,000,000 drawn rows. A rate may exceed α by three standard errors.
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import product
from math import sqrt

import numpy as np

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.weighted_bounds import (
    MEASURES,
    OF_REGION,
    Weighted,
    ams,
    background_rejection,
    bound,
    region_bound,
)

SEED = 20_261_127
ALPHAS = (0.05, 0.05 / 3)
POPULATION = 2_000_000
TABLE = 4
"""Times the rows that are kept aside."""
KINDS = ("equal", "gamma", "tiny signal", "heavy", "hard are heavy", "rare and hard")
APART = (1.0, 2.5)
EFFICIENCY = 0.5
YIELDS = (500.0, 20_000.0)
METRICS = (*MEASURES, *OF_REGION)


def drawn(rng: np.random.Generator, kind: str, apart: float, rows: int) -> tuple[Ints, Floats, Floats]:
    """Returns labels, scores and weights."""
    labels = (rng.random(rows) < 0.35).astype(np.int64)
    place = rng.normal(size=rows) + apart * (labels - 0.5)
    weights = np.ones(rows)
    if kind in {"gamma", "tiny signal"}:
        weights = rng.gamma(2.0, size=rows)
    if kind == "tiny signal":
        weights = np.where(labels == 1, weights / 100, weights)
    if kind == "heavy":
        weights = rng.lognormal(size=rows)
    if kind == "hard are heavy":
        weights = np.where(labels == 0, np.exp(0.5 * place), 1.0) * rng.gamma(4.0, size=rows)
    if kind == "rare and hard":
        rare = rng.random(rows) < 0.005
        weights, place = np.where(rare, 50.0, 1.0), np.where(rare, -2 * apart * (labels - 0.5), place)
    return labels, 1 / (1 + np.exp(-apart * place)), weights


def wrong(
    kind: str, apart: float, rows: int, sets: int, seed: int, *, metrics: Sequence[str] = METRICS
) -> dict[str, Floats]:
    """Returns by metric, for each α, the share of sets with a wrong bound."""
    rng = np.random.default_rng([SEED, seed])
    labels, scores, weights = drawn(rng, kind, apart, POPULATION)
    true = {name: measure(labels, scores, weights)[0] for name, measure in MEASURES.items()}
    true["background_rejection"] = background_rejection(labels, scores, weights, EFFICIENCY)[0]
    true["ams"] = ams(EFFICIENCY * YIELDS[0], (1 - true["background_rejection"]) * YIELDS[1])
    errors = {metric: np.zeros(len(ALPHAS)) for metric in metrics}
    for _ in range(sets):
        labels, scores, weights = drawn(rng, kind, apart, TABLE * rows)
        heaviest = [float(weights[labels == label].max()) for label in (0, 1)]
        labels, scores, weights = labels[:rows], scores[:rows], weights[:rows]
        given = Weighted(labels, weights, np.arange(rows), (heaviest[0], heaviest[1]))
        for metric in metrics:
            values = np.array([_value(metric, given, scores, alpha) for alpha in ALPHAS])
            errors[metric] += values < true[metric] if metric == "brier" else values > true[metric]
    return {metric: each / sets for metric, each in errors.items()}


def _value(metric: str, rows: Weighted, scores: Floats, alpha: float) -> float:
    if metric in MEASURES:
        return bound(metric, rows, scores, alpha).value
    return region_bound(metric, rows, scores, alpha, efficiency=EFFICIENCY, yields=YIELDS).value


def main() -> None:
    """Prints a line a scenario, and the worst of them."""
    parser = argparse.ArgumentParser(description="Counts how often bounds of weighted metrics are wrong.")
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--only", nargs="+", choices=METRICS, default=list(METRICS))
    asked = parser.parse_args()
    print(f"{asked.sets} sets a line; wrong at α = 0.05 and 0.0167")
    print(f"{'':34}" + "  ".join(f"{metric[:13]:13}" for metric in asked.only))
    worst = {metric: np.zeros(len(ALPHAS)) for metric in asked.only}
    for seed, (rows, kind, apart) in enumerate(product(asked.rows, KINDS, APART)):
        rates = wrong(kind, apart, rows, asked.sets, seed, metrics=asked.only)
        worst = {metric: np.maximum(worst[metric], rate) for metric, rate in rates.items()}
        print(f"{kind:14} {apart:.1f} apart {rows:5d} rows  " + _shown(rates), flush=True)
    print(f"{'worst':34}" + _shown(worst))
    for alpha in ALPHAS:
        print(f"allowed at α = {alpha:.4f}: {alpha + 3 * sqrt(alpha * (1 - alpha) / asked.sets):.4f}")


def _shown(rates: Mapping[str, Floats]) -> str:
    return "  ".join(f"{first:.4f} {second:.4f}" for first, second in rates.values())


if __name__ == "__main__":
    main()
