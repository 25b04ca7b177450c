"""How often bounds of a metric at a new site are wrong, on simulated multi-centre data.

    python -m bench.site_bounds [--tables 2000]

Method. Each table has 7, 9 or 15 sealed sites, drawn independently: size (log-normal about 200 rows, or about
60), share of positives (beta, mean 1/3), and how far apart the classes' normal scores are, by scenario. On
each table the lower bound of the ROC area is computed by sites, at α = 0.05 and 0.05/3 (three steps of a
ladder). It is wrong where it is above the median of the true areas of sites that are large enough to count;
the median is that of 200,000 drawn sites. For comparison, how often two usual bounds of the *mean* over sites
are wrong: Student's t of the sites' values, and the percentile bootstrap over sites. A rate may exceed α by
three standard errors.
"""

import argparse
from collections.abc import Callable, Mapping
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats, Index
from toolbox.stats.site_bounds import LEAST_OF_CLASS, LEAST_ROWS, SiteValue, bound_of, measured, site_values

SEED = 20_260_119
ALPHAS = (0.05, 0.05 / 3)
SITES = (7, 9, 15)
TYPICAL_ROWS = 100
BOOTSTRAPS = 400
DRAWN = 200_000

Apart = Callable[[np.random.Generator, Floats], Floats]
SCENARIOS: Mapping[str, Apart] = {
    "all alike": lambda rng, z: np.full(len(z), 1.6),
    "normal": lambda rng, z: rng.normal(1.6, 0.3, len(z)),
    "very different": lambda rng, z: rng.normal(1.6, 0.8, len(z)),
    "near perfect": lambda rng, z: rng.normal(3.5, 0.5, len(z)),
    "skewed": lambda rng, z: 2.6 - rng.gamma(1.0, 0.5, len(z)),
    "one bad in five": lambda rng, z: np.where(rng.random(len(z)) < 0.2, 0.3, 2.0),
    "one good in five": lambda rng, z: np.where(rng.random(len(z)) < 0.2, 3.0, 1.0),
    "larger is better": lambda rng, z: 1.6 + 0.4 * z,
}
"""How far apart the classes are in each site, in standard deviations; z is the site's size in its own."""


def drawn_sites(rng: np.random.Generator, scenario: str, count: int) -> tuple[Floats, Index, Index]:
    """Returns the distance of the classes, positives and negatives of each site."""
    z = rng.normal(size=count)
    rows = np.maximum(np.exp(np.log(TYPICAL_ROWS) + 0.8 * z), LEAST_ROWS).astype(np.intp)
    positives = rng.binomial(rows, rng.beta(4, 8, count))
    return SCENARIOS[scenario](rng, z), positives, rows - positives


def truth(rng: np.random.Generator, scenario: str) -> tuple[float, float]:
    """Median and mean of the true areas of sites that count."""
    apart, positives, negatives = drawn_sites(rng, scenario, DRAWN)
    areas = stats.norm.cdf(apart / sqrt(2))[np.minimum(positives, negatives) >= LEAST_OF_CLASS]
    return float(np.median(areas)), float(areas.mean())


def wrong(rng: np.random.Generator, scenario: str, sites: int, tables: int) -> list[list[float]]:
    """Returns, for each α, the share of tables where the bounds (ours, t, bootstrap) are above the truth."""
    median, mean = truth(rng, scenario)
    errors = np.zeros((len(ALPHAS), 3))
    for _ in range(tables):
        found = _measured(rng, scenario, sites)
        values = np.array([value for value, _ in measured(found)])
        means = rng.choice(values, (BOOTSTRAPS, sites)).mean(axis=1)
        for row, alpha in enumerate(ALPHAS):
            ours = bound_of("roc_auc", found, alpha)
            step = float(stats.t.ppf(1 - alpha, sites - 1)) * values.std(ddof=1) / sqrt(sites)
            errors[row] += (
                ours is not None and ours.value > median + 1e-12,
                values.mean() - step > mean + 1e-12,
                np.quantile(means, alpha) > mean + 1e-12,
            )
    return [[float(rate) for rate in each / tables] for each in errors]


def _measured(rng: np.random.Generator, scenario: str, sites: int) -> tuple[SiteValue, ...]:
    """As many sites that count, measured."""
    found: list[tuple[Any, ...]] = []
    while len(found) < sites:
        drawn = zip(*drawn_sites(rng, scenario, sites), strict=True)
        found += [each for each in drawn if min(each[1:]) >= LEAST_OF_CLASS]
    labels, scores, numbers = [], [], []
    for number, (apart, positives, negatives) in enumerate(found[:sites]):
        labels.append(np.repeat([1, 0], [positives, negatives]))
        scores.append(rng.normal(size=positives + negatives) + apart * labels[-1])
        numbers.append(np.full(positives + negatives, number))
    return site_values("roc_auc", *(np.concatenate(each) for each in (labels, scores, numbers)))


def main() -> None:
    """Prints a line a scenario, and the worst of them."""
    parser = argparse.ArgumentParser(description="Counts how often bounds by sites are wrong.")
    parser.add_argument("--tables", type=int, default=2000)
    tables = parser.parse_args().tables
    print(f"{tables} tables a line; wrong at α = 0.05 and at 0.0167: ours | t of the mean | bootstrap of it")
    worst = np.zeros(len(ALPHAS))
    for place, (scenario, sites) in enumerate(product(SCENARIOS, SITES)):
        rates = wrong(np.random.default_rng([SEED, place]), scenario, sites, tables)
        worst = np.maximum(worst, [each[0] for each in rates])
        shown = " | ".join(" ".join(f"{rate:.4f}" for rate in pair) for pair in zip(*rates, strict=True))
        print(f"{scenario:17} {sites:2d} sites  {shown}", flush=True)
    for alpha, rate in zip(ALPHAS, worst, strict=True):
        most = alpha + 3 * sqrt(alpha * (1 - alpha) / tables)
        print(f"worst of ours at α = {alpha:.4f}: {rate:.4f}, allowed {most:.4f}")


if __name__ == "__main__":
    main()
