"""How often bounds of the metrics of classes, levels, numbers and rare rows are wrong, on simulated rows.

    python -m bench.task_bounds [--tables 2000] [--only roc_auc]

Method. Each table is drawn anew from a population in which the metric is known (from 2,000,000 drawn rows),
and bounded at α = 0.05 and 0.05/3 (three steps of a ladder). A bound is wrong where it claims more than is
true of the population. A rate may exceed α by three standard errors. Tables in which a bound is not to be had
(too few positives, a class without rows) do not count as wrong.

`errors` counts, for comparison, the two usual upper bounds of the mean absolute and the mean squared error of
predicted numbers without a stated range: Student's t, and Hall's (1992) transformation, which corrects it for
skewness. Neither is used, since neither holds.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats
from toolbox.stats import average_precision as rare
from toolbox.stats import multiclass, ordinal, regression
from toolbox.stats.bounds import Bound

SEED = 20_261_127
ALPHAS = (0.05, 0.05 / 3)
POPULATION = 2_000_000

Drawn = tuple[Any, Any]
Draw = Callable[[np.random.Generator, int], Drawn]


@dataclass(frozen=True)
class Scenario:
    """Rows as they are drawn, how many, and in groups of how many.

    Attributes:
        said: in words.
        draw: `draw(rng, rows)`, outcomes and predictions; with groups, rows of one come one after the other.
        rows: in a table.
        size: rows of a group.
    """

    said: str
    draw: Draw
    rows: int
    size: int = 1


def shared(rng: np.random.Generator, rows: int, size: int, columns: int = 1) -> Floats:
    """Normal noise of variance 1, nine tenths of it common to the rows of a group."""
    common = np.repeat(rng.normal(size=(-(-rows // size), columns)), size, axis=0)[:rows]
    noise = rng.normal(size=(rows, columns))
    return noise if size == 1 else sqrt(0.9) * common + sqrt(0.1) * noise


def classes(shares: Sequence[float], apart: float, hidden: float = 0.0, size: int = 1) -> Draw:
    """Classes with normal scores; of a share of the rows nothing tells the class."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        labels = np.repeat(rng.choice(len(shares), -(-rows // size), p=shares), size)[:rows]
        told = apart * (rng.random(rows) >= hidden)
        logits = shared(rng, rows, size, len(shares)) + told[:, None] * np.eye(len(shares))[labels]
        powers = np.exp(2 * (logits - logits.max(axis=1, keepdims=True)))
        return labels, powers / powers.sum(axis=1, keepdims=True)

    return draw


def levels(cuts: Sequence[float], noise: float, size: int = 1) -> Draw:
    """Levels of a normal quantity, predicted from one that is off by so much."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        true = np.repeat(rng.normal(size=-(-rows // size)), size)[:rows]
        seen = true + noise * shared(rng, rows, size)[:, 0]
        return np.digitize(true, cuts), np.eye(len(cuts) + 1)[np.digitize(seen, cuts)]

    return draw


def numbers(kind: str, noise: float, size: int = 1) -> Draw:
    """Numbers, and predictions off by a multiple of their own spread; `counts` have ties."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        z = np.repeat(rng.normal(size=-(-rows // size)), size)[:rows]
        off = noise * shared(rng, rows, size)[:, 0]
        if kind == "counts":
            return np.floor(np.exp(z)), np.round(z + off, 1)
        if kind == "heavy":
            return stats.t.ppf(stats.norm.cdf(z), 3), z + noise * rng.standard_t(3, rows)
        return np.exp(z) if kind == "skewed" else z, z + off

    return draw


def rows_to_find(share: float, apart: float, spread: float = 1.0, told: float = 1.0, size: int = 1) -> Draw:
    """Rare rows with normal scores, of which only the share `told` differs from the others."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        labels = np.repeat(rng.random(-(-rows // size)) < share, size)[:rows].astype(np.int64)
        noise = shared(rng, rows, size)[:, 0]
        lifted = (labels == 1) & (rng.random(rows) < told)
        return labels, np.where(lifted, apart + spread * noise, noise)

    return draw


EVEN, UNEVEN, MANY = (1 / 3,) * 3, (0.7, 0.2, 0.1), (0.1,) * 10
CLASSES = [
    Scenario("3 even, weak", classes(EVEN, 0.7), 60),
    Scenario("3 even, good", classes(EVEN, 2.5), 60),
    Scenario("3 even, near perfect", classes(EVEN, 5.0), 90),
    Scenario("3 uneven, weak", classes(UNEVEN, 0.5), 100),
    Scenario("3 uneven, good", classes(UNEVEN, 2.0), 100),
    Scenario("3 uneven, good", classes(UNEVEN, 2.0), 1000),
    Scenario("3 uneven, a tenth hidden", classes(UNEVEN, 6.0, 0.1), 150),
    Scenario("10 even, good", classes(MANY, 2.0), 150),
    Scenario("10 even, a tenth hidden", classes(MANY, 7.0, 0.1), 200),
    Scenario("3 even, groups of 4", classes(EVEN, 1.5, size=4), 240, 4),
]
LEVELS = [
    Scenario("5 levels, chance", levels((-1, -0.3, 0.3, 1), 50.0), 50),
    Scenario("5 levels, fair", levels((-1, -0.3, 0.3, 1), 1.0), 40),
    Scenario("5 levels, fair", levels((-1, -0.3, 0.3, 1), 1.0), 300),
    Scenario("5 levels, good", levels((-1, -0.3, 0.3, 1), 0.3), 60),
    Scenario("5 levels, near perfect", levels((-1, -0.3, 0.3, 1), 0.05), 60),
    Scenario("3 levels, skewed", levels((1.0, 1.7), 0.7), 80),
    Scenario("3 levels, skewed", levels((1.0, 1.7), 0.7), 400),
    Scenario("3 levels, skewed, good", levels((1.0, 1.7), 0.2), 80),
    Scenario("5 levels, groups of 4", levels((-1, -0.3, 0.3, 1), 1.0, 4), 160, 4),
]
NUMBERS = [
    Scenario(f"{kind}, {said}", numbers(kind, noise), rows)
    for kind in ("normal", "skewed", "heavy", "counts")
    for said, noise, rows in (("weak", 3.0, 30), ("fair", 0.7, 30), ("good", 0.2, 60), ("fair", 0.7, 300))
] + [Scenario("normal, groups of 4", numbers("normal", 0.7, 4), 160, 4)]
RARE = [
    Scenario("1 %, chance", rows_to_find(0.01, 0.0), 2000),
    Scenario("1 %, weak", rows_to_find(0.01, 1.0), 1500),
    Scenario("1 %, weak", rows_to_find(0.01, 1.0), 5000),
    Scenario("1 %, fair", rows_to_find(0.01, 2.0), 1500),
    Scenario("1 %, good", rows_to_find(0.01, 3.5), 1500),
    Scenario("2 %, three tenths told", rows_to_find(0.02, 8.0, 1.0, 0.3), 1000),
    Scenario("2 %, eight tenths told", rows_to_find(0.02, 8.0, 1.0, 0.8), 1000),
    Scenario("5 %, weak", rows_to_find(0.05, 1.0), 400),
    Scenario("5 %, weak", rows_to_find(0.05, 1.0), 2000),
    Scenario("5 %, wide", rows_to_find(0.05, 2.0, 3.0), 400),
    Scenario("20 %, fair", rows_to_find(0.2, 1.5), 100),
    Scenario("5 %, groups of 4", rows_to_find(0.05, 2.0, size=4), 1600, 4),
]


def each_class(bounding: Callable[..., Bound]) -> Callable[..., Bound | None]:
    """Bounds where every class has rows."""

    def bounded(labels: Any, probabilities: Any, *rest: Any) -> Bound | None:
        present = len(np.unique(labels)) == probabilities.shape[1]
        return bounding(labels, probabilities, *rest) if present else None

    return bounded


METRICS: dict[str, tuple[Callable[..., Bound | None], list[Scenario]]] = {
    "balanced_accuracy": (each_class(multiclass.balanced_accuracy), CLASSES),
    "roc_auc": (each_class(multiclass.roc_auc), CLASSES),
    "weighted_kappa": (ordinal.weighted_kappa, LEVELS),
    "rank_correlation": (regression.rank_correlation, NUMBERS),
    "average_precision": (rare.average_precision_lower, RARE),
}


def wrong(metric: str, scenario: Scenario, tables: int, seed: int = 0) -> list[float]:
    """Returns, for each α, the share of tables in which the lower bound is above the truth."""
    bounding = METRICS[metric][0]
    rng = np.random.default_rng([SEED, seed])
    known = bounding(*scenario.draw(rng, POPULATION), np.arange(POPULATION), 0.05)
    assert known is not None
    groups = np.arange(scenario.rows) // scenario.size
    errors = np.zeros(len(ALPHAS))
    for _ in range(tables):
        drawn = scenario.draw(rng, scenario.rows)
        for place, alpha in enumerate(ALPHAS):
            found = bounding(*drawn, groups, alpha)
            errors[place] += found is not None and found.value > known.estimate
    return [float(rate) for rate in errors / tables]


def student(values: Floats, alpha: float) -> Floats:
    """Student's upper bound of the mean of each row."""
    rows = values.shape[1]
    step = stats.t.isf(alpha, rows - 1) * values.std(axis=1, ddof=1) / sqrt(rows)
    return np.asarray(values.mean(axis=1) + step, dtype=np.float64)


def hall(values: Floats, alpha: float) -> Floats:
    """Hall's (1992, JRSS B 54:221), with t's quantile: the cubic transformation, solved."""
    rows, mean, deviation = values.shape[1], values.mean(axis=1), values.std(axis=1, ddof=1)
    skew = ((values - mean[:, None]) ** 3).mean(axis=1) / deviation**3
    z = -stats.t.isf(alpha, rows - 1) / sqrt(rows)
    studentised = 3 / skew * (np.cbrt(1 + skew * (z - skew / (6 * rows))) - 1)
    return np.asarray(mean - studentised * deviation, dtype=np.float64)


ERRORS: dict[str, Callable[[np.random.Generator, Any], Floats]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "Laplace": lambda rng, shape: rng.laplace(size=shape),
    "t with 5": lambda rng, shape: rng.standard_t(5, shape),
    "lognormal": lambda rng, shape: rng.lognormal(size=shape) - np.exp(0.5),
}


def unlimited(tables: int) -> Iterator[str]:
    """A line an error distribution and number of rows: how often bounds without a range are wrong."""
    for power, name in ((1, "absolute"), (2, "squared")):
        for said, draw in ERRORS.items():
            rng = np.random.default_rng(SEED)
            mean = float(np.mean(np.abs(draw(rng, 10 * POPULATION)) ** power))
            for rows in (30, 100, 300, 1000):
                values = np.abs(draw(rng, (tables, rows))) ** power
                rates = [np.mean(upper(values, ALPHAS[0]) < mean) for upper in (student, hall)]
                yield f"{name:9} {said:10} {rows:5d} rows  t {rates[0]:.4f}   Hall {rates[1]:.4f}"


def main() -> None:
    """Prints a line a scenario, and the worst of each metric."""
    parser = argparse.ArgumentParser(description="Counts how often bounds of metrics are wrong.")
    parser.add_argument("--tables", type=int, default=2000)
    parser.add_argument("--only", choices=[*METRICS, "errors"])
    asked = parser.parse_args()
    for metric, (_, scenarios) in METRICS.items():
        if asked.only not in (None, metric):
            continue
        rates = []
        for place, scenario in enumerate(scenarios):
            rates.append(wrong(metric, scenario, asked.tables, place))
            shown = " ".join(f"{rate:.4f}" for rate in rates[-1])
            print(f"{metric:18} {scenario.said:26} {scenario.rows:5d} rows  {shown}", flush=True)
        for alpha, worst in zip(ALPHAS, np.max(rates, axis=0), strict=True):
            most = alpha + 3 * sqrt(alpha * (1 - alpha) / asked.tables)
            print(f"worst of {metric} at α = {alpha:.4f}: {worst:.4f}, allowed {most:.4f}", flush=True)
    if asked.only in (None, "errors"):
        for line in unlimited(asked.tables):
            print(line, flush=True)


if __name__ == "__main__":
    main()
