"""The null control of samples: the same number of strings, every bit even odds."""

import numpy as np

from escalation.model.identity import derive_seed
from escalation.model.result import RawResult
from toolbox.arrays.types import Bits


def uniform_seed(sampled: RawResult) -> int:
    """The seed of the random bits: from the samples, so that nobody can choose it before they are there."""
    return derive_seed(0, "uniform", sampled.files["bits-0.npy"].digest)


def uniform_bits(seed: int, shots: int, size: int) -> Bits:
    """Random strings, 0 and 1, shape (shots, size)."""
    return np.random.default_rng(seed).integers(0, 2, (shots, size), dtype=np.uint8)
