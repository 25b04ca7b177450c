"""How bright a picture is: moments and quantiles in its own unit, and the shape of its histogram."""

import numpy as np

from toolbox.arrays.types import Floats

BINS = 16
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLOURS = ("red", "green", "blue")


def names() -> list[str]:
    """Of the columns of `intensity`."""
    quantiles = [f"brightness, {share:.0%} below" for share in QUANTILES]
    bins = [f"brightness histogram {place} of {BINS}" for place in range(1, BINS + 1)]
    plain = ["mean", "sd", "least", "most", "skewness", "kurtosis", "entropy"]
    return [*(f"brightness {name}" for name in plain), *quantiles, *bins]


def intensity(pictures: Floats) -> Floats:
    """Returns moments, entropy (bits, of the histogram), quantiles, and the histogram over each one's range.

    Skewness and kurtosis (less 3) are those of the pixels (Joanes and Gill 1998, g1 and g2), 0 where all
    are equal.

    Args:
        pictures: of shape (n, height, width).

    Returns:
        Of shape (n, 28).
    """
    flat = pictures.reshape(len(pictures), -1)
    mean, sd = flat.mean(axis=1), flat.std(axis=1)
    away = (flat - mean[:, None]) / np.where(sd > 0, sd, 1)[:, None]
    histogram = _histogram(flat)
    return np.column_stack(
        [
            mean,
            sd,
            flat.min(axis=1),
            flat.max(axis=1),
            np.mean(away**3, axis=1),
            np.where(sd > 0, np.mean(away**4, axis=1) - 3, 0),
            entropy_bits(histogram),
            np.quantile(flat, QUANTILES, axis=1).T,
            histogram,
        ]
    )


def colour_names() -> list[str]:
    """Of the columns of `colour`."""
    return [f"{colour} {what}" for colour in _COLOURS for what in ("mean", "sd")]


def colour(pictures: Floats) -> Floats:
    """Returns mean and standard deviation of each channel.

    Args:
        pictures: of shape (n, height, width, 3).

    Returns:
        Of shape (n, 6).
    """
    flat = pictures.reshape(len(pictures), -1, 3)
    return np.asarray(np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=2).reshape(len(pictures), -1))


def entropy_bits(shares: Floats) -> Floats:
    """Returns Shannon's entropy of each row of shares."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-np.sum(shares * logs, axis=-1))


def over_own_range(flat: Floats) -> Floats:
    """Returns each picture between 0 (its least) and 1 (its most); 0 where all pixels are equal."""
    axes = tuple(range(1, flat.ndim))
    least, most = flat.min(axis=axes, keepdims=True), flat.max(axis=axes, keepdims=True)
    return np.asarray((flat - least) / np.where(most > least, most - least, 1))


def _histogram(flat: Floats) -> Floats:
    bins = np.minimum((over_own_range(flat) * BINS).astype(np.intp), BINS - 1)
    offset = np.arange(len(flat))[:, None] * BINS
    counts = np.bincount((bins + offset).ravel(), minlength=len(flat) * BINS)
    return np.asarray(counts.reshape(len(flat), BINS) / flat.shape[1])
