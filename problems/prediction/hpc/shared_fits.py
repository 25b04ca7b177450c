"""What the settings of one model have in common on one fold, computed once for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from problems.prediction.models import pipelines
from problems.prediction.models.reduction import reduced, split_settings
from toolbox.arrays.types import Floats, Labels


@dataclass(eq=False)
class SharedFits:
    """Training and test rows of a fold, as a model's settings see them one after another.

    Attributes:
        before: preprocessed training rows, shape (n, features).
        after: preprocessed test rows, shape (m, features).
        labels: 0 or 1 of the training rows, shape (n,).
        weights: of the training rows, shape (n,); None where all count alike.
        most: neighbours that any of the settings asks for.
    """

    before: Floats
    after: Floats
    labels: Labels
    weights: Floats | None = None
    most: int = 0
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, init=False)

    def parts(self, params: Mapping[str, Any], reduction: Callable[[], Any]) -> tuple[Floats, Floats]:
        """Training and test rows after the reduction of these settings, which is fitted once.

        Args:
            params: of the settings.
            reduction: returns it fitted; None for all columns.
        """

        def fit() -> tuple[Floats, Floats]:
            step = reduction()
            return reduced(step, self.before), reduced(step, self.after)

        found: tuple[Floats, Floats] = self._once(_key(params), fit)
        return found

    def votes(self, params: Mapping[str, Any], data: Floats, asked: Floats) -> Floats:
        """Share of positives among the nearest neighbours, which are looked for once; shape (m,)."""

        def fit() -> Floats:
            from sklearn.neighbors import NearestNeighbors

            nearest = NearestNeighbors(n_neighbors=self.most, algorithm="brute").fit(data)
            places = nearest.kneighbors(asked, return_distance=False)
            return np.cumsum(self.labels[places] == 1, axis=1, dtype=np.float64)

        count = int(params["n_neighbors"])
        sums: Floats = self._once(("neighbours", *_key(params)), fit)
        return np.asarray(sums[:, count - 1] / count, dtype=np.float64)

    def on_landmarks(self, params: Mapping[str, Any], base: Any, data: Floats, asked: Floats) -> Floats:
        """Scores of a regression on Nyström's features, which are made once for each width of the kernel."""

        def fit() -> tuple[Floats, Floats]:
            landmarks = base[0].fit(data)
            return landmarks.transform(data), landmarks.transform(asked)

        known, unknown = self._once(("landmarks", params["gamma"], *_key(params)), fit)
        return pipelines.ranking_scores(pipelines.fitted(base[1], known, self.labels, self.weights), unknown)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def _key(params: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(split_settings(params)[0].items()))
