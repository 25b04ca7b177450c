"""The scale on which a number is learnt: standardised, or its logarithm standardised."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from toolbox.arrays.types import Floats

SKEWED = 1.0
"""Skewness from which on the logarithm of a positive number is tried as well."""

LIMIT = 700.0
"""Logarithms beyond which a number would overflow."""


@dataclass(frozen=True)
class Link:
    """Attributes describe `(f(y) - shift) / scale`, with f the logarithm or nothing.

    Attributes:
        shift: mean on the scale of f.
        scale: standard deviation there, positive.
        log: whether f is the logarithm.
        factor: that predictions are multiplied by afterwards: of a logarithm's exponential, where means are
            wanted and not medians (Duan 1983, JASA 78:605).
    """

    shift: float = 0.0
    scale: float = 1.0
    log: bool = False
    factor: float = 1.0

    def forward(self, numbers: Floats) -> Floats:
        """Returns the numbers on the scale that is learnt."""
        return (np.log(numbers) if self.log else numbers) / self.scale - self.shift / self.scale

    def back(self, learnt: Floats) -> Floats:
        """Returns the numbers that predictions on that scale mean."""
        value = learnt * self.scale + self.shift
        return np.exp(np.clip(value, -LIMIT, LIMIT)) * self.factor if self.log else value

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Link":
        """Reads what `to_json` wrote."""
        return cls(**data)


def link_for(numbers: Floats, log: bool) -> Link:
    """Returns the link of training outcomes; of constant ones the scale is 1."""
    on_scale = np.log(numbers) if log else numbers
    scale = float(on_scale.std())
    return Link(float(on_scale.mean()), scale if scale > 0 else 1.0, log)


def skewed(numbers: Floats) -> bool:
    """Tells whether a logarithm is worth a try: all positive, with a long tail to the right."""
    spread = numbers.std()
    if not spread > 0 or numbers.min() <= 0:
        return False
    return bool(np.mean(((numbers - numbers.mean()) / spread) ** 3) > SKEWED)
