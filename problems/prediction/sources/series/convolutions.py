"""Random convolutions after MiniRocket, with nothing fitted over rows.

Dempster, Schmidt and Webb (2021), KDD, doi:10.1145/3447548.3467231: the 84 kernels of length 9 with three
weights of 2 and six of -1, dilated; of each output the share of values above a bias. There biases are
quantiles of outputs on training series. Here they are quantiles of outputs on reference series that the seed
alone draws (autoregressive noise, from white to slow), and each channel of a row is scaled to mean 0 and
standard deviation 1, so that a row's features depend on that row and the seed. Outputs are taken where the
kernel lies within the row (no padding). Of several channels each convolution sums a random subset.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from toolbox.arrays.types import Floats, Index

LENGTH, TWOS = 9, 3
KERNELS: Index = np.array(list(combinations(range(LENGTH), TWOS)))
SLOWNESS = (0.0, 0.3, 0.6, 0.9, 0.99)
GOLDEN = (5**0.5 + 1) / 2
REFERENCE = 256
"""Samples of a reference series beyond what its kernels need."""


@dataclass(frozen=True)
class Convolutions:
    """Which convolutions are taken: one entry each, all the same for every row.

    Attributes:
        dilations: shape (d,).
        channels: by dilation and kernel, flags of the channels that are summed, shape (d, 84, channels).
        biases: shape (d, 84, b).
    """

    dilations: tuple[int, ...]
    channels: np.ndarray
    biases: Floats

    @property
    def width(self) -> int:
        return int(self.biases.size)


def plan(count: int, channels: int, samples: int, seed: int) -> Convolutions | None:
    """Draws at most `count` convolutions, 84 at least; None where rows are too short.

    Args:
        count: of features.
        channels: of each row.
        samples: of a usual row, into which every dilated kernel fits.
        seed: decides channels and biases.
    """
    if samples < LENGTH:
        return None
    most = int(np.log2((samples - 1) / (LENGTH - 1)))
    dilations = tuple(2**power for power in range(most + 1))[: max(1, count // len(KERNELS))]
    rng = np.random.default_rng(seed)
    each = max(1, count // (len(KERNELS) * len(dilations)))
    subsets = np.zeros((len(dilations), len(KERNELS), channels), dtype=bool)
    biases = np.empty((len(dilations), len(KERNELS), each))
    level = 0
    for place, dilation in enumerate(dilations):
        for kernel in range(len(KERNELS)):
            size = min(int(2 ** rng.uniform(0, np.log2(min(channels, LENGTH) + 1))), channels)
            subsets[place, kernel, rng.choice(channels, size, replace=False)] = True
            reference = _reference(rng, size, REFERENCE + (LENGTH - 1) * dilation)
            output = _convolved(reference.sum(axis=0)[None], dilation, kernel)[0]
            for bias in range(each):
                level += 1
                biases[place, kernel, bias] = np.quantile(output, level * GOLDEN % 1)
    return Convolutions(dilations, subsets, biases)


def _reference(rng: np.random.Generator, count: int, samples: int) -> Floats:
    """Autoregressive noise of first order, scaled as rows are, shape (count, samples)."""
    from scipy.signal import lfilter

    slow = rng.choice(SLOWNESS, count)
    noise = rng.normal(size=(count, samples))
    return scaled(
        np.stack([lfilter([1.0], [1.0, -each], row) for each, row in zip(slow, noise, strict=True)])
    )


def scaled(values: Floats) -> Floats:
    """Each series with mean 0 and standard deviation 1; a constant one is 0 throughout."""
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = centred.std(axis=-1, keepdims=True)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))


def convolutions(values: Floats, plan: Convolutions) -> Floats:
    """Shares of outputs above each bias, shape (rows, plan.width).

    Args:
        values: of rows of equal length on a regular grid, without gaps, shape (rows, channels, samples); what
            a dilated kernel does not fit into is NaN.
        plan: from `plan`.
    """
    rows = scaled(values)
    return np.concatenate(list(_shares(rows, plan)), axis=1)


def _shares(rows: Floats, plan: Convolutions) -> Iterator[Floats]:
    each = plan.biases.shape[2]
    for place, dilation in enumerate(plan.dilations):
        if rows.shape[2] <= (LENGTH - 1) * dilation:
            yield np.full((len(rows), len(KERNELS) * each), np.nan)
            continue
        for kernel in range(len(KERNELS)):
            summed = rows[:, plan.channels[place, kernel]].sum(axis=1)
            output = _convolved(summed, dilation, kernel)
            yield np.stack([(output > bias).mean(axis=1) for bias in plan.biases[place, kernel]], axis=1)


def _convolved(rows: Floats, dilation: int, kernel: int) -> Floats:
    """The output of one kernel: minus the sum of nine samples, and three times that of its three."""
    size = rows.shape[1] - (LENGTH - 1) * dilation
    taps = [rows[:, place * dilation : place * dilation + size] for place in range(LENGTH)]
    twos = KERNELS[kernel]
    return np.asarray(3 * (taps[twos[0]] + taps[twos[1]] + taps[twos[2]]) - sum(taps))
