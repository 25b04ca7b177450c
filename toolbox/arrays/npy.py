"""Arrays as `.npy` bytes (NumPy enhancement proposal 1), read from whoever sent them: no pickle, no surprise.

What bytes claim in their header is checked against how many there are before anything is allocated.
"""

import io
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Shape = tuple[int | None, ...]


def dump(array: Any) -> bytes:
    """Returns an array as `.npy` bytes, row by row whatever its order in memory: equal arrays, equal bytes.

    Raises:
        ValueError: on an array of Python objects.
    """
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def load(
    data: bytes, dtype: DTypeLike | None = None, shape: Shape | None = None, what: str = "array"
) -> NDArray[Any]:
    """Returns the array of `.npy` bytes.

    Args:
        data: all bytes of the file.
        dtype: what its elements must be; None for any but Python objects.
        shape: what its shape must be, None for any length of a dimension; None for any shape.
        what: what is read, for complaints.

    Raises:
        ValueError: on bytes that are no such file, are more or fewer than their header says, hold pickled
            objects, or are an array of another type or shape.
    """
    wanted = None if dtype is None else np.dtype(dtype)
    found = _read(data, what)
    fits = shape is None or (
        len(shape) == found.ndim
        and all(each in (None, size) for each, size in zip(shape, found.shape, strict=True))
    )
    if not fits or (wanted is not None and wanted != found.dtype):
        kind = "" if wanted is None else f" {wanted}"
        form = "" if shape is None else f" of shape {_shown(shape)}"
        raise ValueError(f"{what}: expected{kind}{form}, got {found.dtype} of shape {_shown(found.shape)}")
    return found


def _read(data: bytes, what: str) -> NDArray[Any]:
    try:
        stream, form = io.BytesIO(data), np.lib.format
        first = form.read_magic(stream) == (1, 0)
        shape, _, dtype = (form.read_array_header_1_0 if first else form.read_array_header_2_0)(stream)
        stated, there = prod(shape) * dtype.itemsize, len(data) - stream.tell()
        fault = "it holds pickled objects" if dtype.hasobject else ""
        if not fault and (min(shape, default=0) < 0 or stated != there):
            fault = f"its header says {stated} bytes, {there} follow it"
    except Exception:  # a hostile header can raise nearly anything, with addresses in what it says
        fault = "its header cannot be read"
    if fault:
        raise ValueError(f"{what}: expected a .npy file, got {len(data)} bytes that are none: {fault}")
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


def _shown(shape: Shape) -> str:
    lengths = ["any" if length is None else str(length) for length in shape]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
