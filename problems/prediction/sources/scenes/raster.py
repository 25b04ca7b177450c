"""Layers on one grid, and where its pixels lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from toolbox.arrays.types import Floats

MOST_VALUES = 400_000_000
"""Of all layers together, float64: 3.2 GB."""


@dataclass(frozen=True, eq=False)
class Raster:
    """Layers by name, each of shape (rows, columns), NaN where a value is missing.

    Attributes:
        layers: in order.
        x: of the middles of columns, shape (columns,).
        y: of the middles of rows, shape (rows,).
        degrees: whether these are longitude and latitude.
        source: small JSON data on where they come from.
        remarks: what a reader should know.
    """

    layers: Mapping[str, Floats]
    x: Floats
    y: Floats
    degrees: bool
    source: Mapping[str, object]
    remarks: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.y), len(self.x)


def together(rasters: Sequence[tuple[str, Raster]]) -> Raster:
    """The layers of several files on one grid.

    Raises:
        BadInput: naming the file whose grid is another, or whose layer has the name of an earlier one.
    """
    first_name, first = rasters[0]
    layers: dict[str, Floats] = {}
    for name, raster in rasters:
        check_grid(name, raster, first_name, first)
        layers |= raster.layers
    if len(layers) != sum(len(raster.layers) for _, raster in rasters):
        raise BadInput(f"{rasters[-1][0]}: expected files of different names, got layers of the same name")
    source = {"files": [dict(raster.source) for _, raster in rasters]}
    remarks = tuple(said for _, raster in rasters for said in raster.remarks)
    return Raster(layers, first.x, first.y, first.degrees, source, tuple(dict.fromkeys(remarks)))


def check_grid(name: str, raster: Raster, first_name: str, first: Raster) -> None:
    """Raises `BadInput` unless both are on one grid, to a hundredth of a pixel."""
    if raster.shape != first.shape:
        raise BadInput(
            f"{name}: expected the grid of {first_name}, {first.shape[0]} x {first.shape[1]} pixels, got "
            f"{raster.shape[0]} x {raster.shape[1]}: resample it first (gdalwarp)"
        )
    for own, other, axis in ((raster.x, first.x, "x"), (raster.y, first.y, "y")):
        if np.max(np.abs(own - other)) > 0.01 * pixel(other):
            raise BadInput(
                f"{name}: expected the grid of {first_name}, whose {axis} begins at {other[0]:g}, got "
                f"{own[0]:g}: "
                "resample it first (gdalwarp)"
            )


def pixel(axis: Floats) -> float:
    """The distance of neighbouring pixels."""
    return float(np.median(np.abs(np.diff(axis)))) if len(axis) > 1 else 1.0


def refuse_large(name: str, values: int) -> None:
    """Raises `BadInput` before too much is read."""
    if values > MOST_VALUES:
        raise BadInput(
            f"{name}: expected at most {MOST_VALUES:,} values, got {counted(values, 'value', 'values')}: "
            "cut the scene"
        )


def masked(values: np.ndarray, missing: Sequence[float]) -> Floats:
    """Float64 with NaN in place of the values that mean a missing one; short floats hold these rounded."""
    found = np.asarray(values, dtype=np.float64)
    gone = ~np.isfinite(found)
    for marker in missing:
        gone |= found == marker
        if values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                gone |= found == float(np.float32(marker))
    return np.where(gone, np.nan, found)
