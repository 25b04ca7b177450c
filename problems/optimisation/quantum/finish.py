"""From samples to answers: the same for the circuit's samples and for uniformly random bits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.metrics import objective
from problems.optimisation.model.models import Model, sign
from problems.optimisation.model.points import Point, cost, encode
from problems.optimisation.quantum.descent import descend, four_costs
from problems.optimisation.quantum.subproblem import Subproblem, lifted
from toolbox.arrays.types import Bits
from toolbox.circuits.readout import Readout
from toolbox.stats.samples import tail_mean

TAIL = 0.1
"""The share of the samples that CVaR looks at."""
MOST_LIFTED = 16
"""Distinct best strings that are taken back to the whole instance."""


@dataclass(frozen=True)
class Searched:
    """Samples after the local search.

    Attributes:
        strings: distinct samples, uint8, shape (distinct, n), in the order of their bits.
        counts: how often each was drawn.
        minima: where the local search took each.
        costs: 4·cost of each minimum.
    """

    strings: Bits
    counts: NDArray[np.int64]
    minima: Bits
    costs: NDArray[np.int64]

    @property
    def best(self) -> int:
        """The least 4·cost."""
        return int(self.costs.min())


def search(found: Subproblem, samples: Bits) -> Searched:
    """Descends from every distinct sample."""
    strings, counts = np.unique(samples, axis=0, return_counts=True)
    return Searched(strings, counts, *descend(found.form, strings))


def answer(model: Model, found: Subproblem, searched: Searched, start: Point | None) -> dict[str, Any]:
    """Returns `solution`, `objective` and `from`: the best lifted minimum, or the start where that is better.

    Raises:
        ValueError: when there is no feasible answer at all.
    """
    best = np.unique(searched.minima[searched.costs == searched.best], axis=0)[:MOST_LIFTED]
    points = [point for bits in best if (point := lifted(model, found, bits)) is not None]
    ways = [("samples", point) for point in points] + ([] if start is None else [("start", start)])
    if not ways:
        raise ValueError("no sample gives a feasible answer")
    source, point = min(ways, key=lambda way: cost(model, way[1]))
    value = sign(model) * cost(model, point)
    return {"solution": encode(model, point), "objective": value, "from": source}


def summary(
    model: Model, found: Subproblem, searched: Searched, weights: NDArray[np.float64]
) -> dict[str, Any]:
    """What the samples were worth before and after the search, in the instance's units."""
    before = four_costs(found.form, 2 * searched.strings.astype(np.int64) - 1) / 4.0
    after, raw = searched.costs / 4.0, searched.counts / searched.counts.sum()
    scale = objective(model, 1)
    means = {
        "mean": float(raw @ before),
        "mean_mitigated": float(weights @ before / weights.sum()),
        "tail_mean": tail_mean(before, raw, TAIL),
        "tail_mean_mitigated": tail_mean(before, weights, TAIL),
        "best_sampled": float(before.min()),
        "mean_searched": float(raw @ after),
        "best_searched": float(after.min()),
    }
    reached = int(searched.counts[searched.costs == searched.best].sum())
    return {
        **{name: value * scale for name, value in means.items()},
        "distinct": len(searched.counts),
        "shots_that_reach_the_best": reached,
        "tail": TAIL,
    }


def mitigation(searched: Searched, readout: Readout | None) -> NDArray[np.float64]:
    """Weights of the distinct strings; as drawn where nothing is known of the readout."""
    if readout is None:
        drawn: NDArray[np.float64] = searched.counts / searched.counts.sum()
        return drawn
    return readout.mitigated(searched.strings, searched.counts)
