"""Bootstrap of out-of-fold predictions: whole groups, by class, one seed a replicate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Floats, Index, Labels
from toolbox.stats.weighted_metrics import EFFICIENCY, weighted_aucs, weighted_metric


@dataclass(frozen=True, eq=False)
class Estimator:
    """Estimates a metric from the out-of-fold predictions of a repeated cross-validation.

    Attributes:
        metric: as `weighted_metric` knows it.
        labels: 0 or 1, shape (n,).
        groups: integers from 0, shape (n,).
        folds: fold in which each row was held out, -1 for none, shape (repeats, n).
        seed: of all replicates.
        rows: weight of each row, shape (n,); None where all count alike.
        efficiency: as `weighted_metric` takes it.
    """

    metric: str
    labels: Labels
    groups: Index
    folds: NDArray[np.intp]
    seed: int
    rows: Floats | None = None
    efficiency: float = EFFICIENCY

    def estimate(self, predictions: Floats, weights: Floats | None = None) -> float:
        """Returns the metric of P(positive), shape (repeats, n), averaged over the repeats."""
        drawn = np.ones(len(self.labels)) if weights is None else weights
        counted = drawn if self.rows is None else drawn * self.rows
        values = [
            weighted_metric(
                self.metric,
                self.labels[held],
                repeat[held],
                counted[held],
                folds[held],
                efficiency=self.efficiency,
            )
            for folds, repeat in zip(self.folds, predictions, strict=True)
            for held in [folds >= 0]
        ]
        return float(np.mean(values))

    def weights(self, replicate: int) -> Floats:
        """Returns how often each row occurs in a bootstrap replicate, shape (n,).

        Groups are drawn with replacement within strata of equal class content (only negatives, only
        positives, both), so that both classes occur in every one (Davison and Hinkley 1997, §3.8).
        """
        rng = np.random.default_rng([self.seed, replicate])
        sizes = np.bincount(self.groups)
        positives = np.bincount(self.groups, weights=self.labels)
        stratum = np.where(positives == 0, 0, np.where(positives == sizes, 2, 1))
        drawn = np.zeros(len(sizes))
        for number in range(3):
            members = np.flatnonzero(stratum == number)
            if len(members):
                drawn += np.bincount(rng.choice(members, len(members)), minlength=len(sizes))
        return drawn[self.groups]

    def replicates(self, series: Floats, numbers: Sequence[int]) -> Floats:
        """Returns the metric of each series, shape (series, repeats, n), in each replicate.

        Rows are ranked once for all of them.

        Returns:
            Shape (replicates, series).
        """
        weights = np.stack([self.weights(number) for number in numbers])
        return np.column_stack([self._each(predictions, weights) for predictions in series])

    def _each(self, predictions: Floats, weights: Floats) -> Floats:
        if self.metric != "roc_auc":
            return np.array([self.estimate(predictions, own) for own in weights])
        counted = weights if self.rows is None else weights * self.rows
        values = [
            weighted_aucs(self.labels[held], repeat[held], counted[:, held], folds[held])
            for folds, repeat in zip(self.folds, predictions, strict=True)
            for held in [folds >= 0]
        ]
        return np.asarray(np.mean(values, axis=0), dtype=np.float64)
