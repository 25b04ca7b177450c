"""The array types that annotations name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint8]
Index = NDArray[np.intp]
"""Positions of rows, or the number of each row's group."""
Labels = NDArray[np.int8]
"""0 or 1."""
