"""How well an engine will do on an instance, learned from history by boosted trees (Chen & Guestrin 2016).

One model for incumbents, one for bounds, over the instance's features and the engine's name; missing features
are missing values. Distances span orders of magnitude, so logarithms are learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.learning.features import NAMES
from problems.optimisation.learning.history import Trial

Numbers = NDArray[np.float64]
FLOOR = 1e-4
"""Distances below this are as good as none."""

PARAMS: Mapping[str, Any] = {
    "max_depth": 3,
    "eta": 0.1,
    "min_child_weight": 2,
    "subsample": 0.8,
    "objective": "reg:squarederror",
    "nthread": 1,
}
ROUNDS = 120


@dataclass(frozen=True)
class Expected:
    """What is expected of an engine: mean relative distance of its incumbent and of its bound."""

    engine: str
    primal: float
    dual: float


@dataclass(frozen=True)
class Learner:
    """Learns from trials of one kind of instance.

    Attributes:
        trials: at least one.
        seed: of the trees' sampling.
    """

    trials: Sequence[Trial]
    seed: int

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The engines that history knows, in alphabetical order."""
        return tuple(sorted({trial.engine for trial in self.trials}))

    def expect(self, features: Mapping[str, float]) -> tuple[Expected, ...]:
        """Returns what is expected of every engine on an instance with these features."""
        import xgboost

        rows = xgboost.DMatrix(np.array([self._row(features, engine) for engine in self.engines]), nthread=1)
        primal, dual = (10.0 ** booster.predict(rows).astype(float) for booster in self._boosters)
        return tuple(
            Expected(engine, float(p), float(d))
            for engine, p, d in zip(self.engines, primal, dual, strict=True)
        )

    @cached_property
    def _boosters(self) -> tuple[Any, Any]:
        import xgboost

        rows = np.array([self._row(trial.features, trial.engine) for trial in self.trials])
        targets = [[trial.primal for trial in self.trials], [trial.dual for trial in self.trials]]
        params = {**PARAMS, "seed": self.seed}
        primal, dual = (
            xgboost.train(
                params, xgboost.DMatrix(rows, label=np.log10(np.maximum(each, FLOOR)), nthread=1), ROUNDS
            )
            for each in targets
        )
        return primal, dual

    def _row(self, features: Mapping[str, float], engine: str) -> Numbers:
        known = [features.get(name, np.nan) for name in NAMES]
        return np.array([*known, *(float(engine == each) for each in self.engines)])
