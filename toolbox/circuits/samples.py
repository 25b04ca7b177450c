"""Samples as they come back: packed bits, as `CircuitBatch` says (big-endian, classical bit 0 last)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.result import RawResult
from toolbox.arrays import npy
from toolbox.arrays.types import Bits, Floats


def packed(result: RawResult, number: int, shape: tuple[int, int, int]) -> Bits:
    """Returns the samples of pub `number`, uint8 of shape (sets, shots, ceil(bits/8)).

    Args:
        result: of a batch of circuits.
        number: of the pub, from 0.
        shape: sets, shots and bits that it must have.

    Raises:
        ValueError: on samples of another type or shape.
        KeyError: where there are none.
    """
    sets, shots, bits = shape
    data = result.files[f"bits-{number}.npy"].data
    return npy.load(data, np.uint8, (sets, shots, -(-bits // 8)), f"samples of pub {number}")


def unpacked(samples: NDArray[Any], bits: int) -> Bits:
    """Returns packed samples as bits 0 and 1, classical bit i in column i.

    Args:
        samples: of shape (sets, shots, ceil(bits/8)), with a shot at least.
        bits: number of classical bits.

    Returns:
        Shape (sets, shots, bits).

    Raises:
        ValueError: on another type or shape.
    """
    width = -(-bits // 8)
    if samples.dtype != np.uint8 or samples.ndim != 3 or samples.shape[2] != width or samples.shape[1] < 1:
        raise ValueError(
            f"expected uint8 samples of shape (sets, shots, {width}), got {samples.dtype} {samples.shape}"
        )
    # big-endian, classical bit 0 last: reversed, the first columns are bits 0, 1, …
    return np.unpackbits(samples, axis=-1)[:, :, ::-1][:, :, :bits]


def expectations(samples: NDArray[Any], bits: int) -> Floats:
    """Means of ±1 over the shots, shape (sets, bits); outcome 0 counts +1. Arguments as of `unpacked`."""
    result: Floats = 1.0 - 2.0 * unpacked(samples, bits).mean(axis=1)
    return result
