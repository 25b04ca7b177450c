"""What a problem file may say of scenes."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import TaskSpec, checked
from toolbox.tables.raw_files import Value

Paths = str | tuple[str, ...]
_OF_PLACES = ("x", "y", "coordinates", "time", "categorical", "na_values")
_OF_PIXELS = ("labels", "patch", "every", "nodata")


class ScenesSpec(TaskSpec):
    """Pixels of rasters on one grid, or rows of a table with coordinates; relative paths start at the problem
    file's folder. Near places are alike, so rows are divided into open and sealed ones by squares of land.
    """

    geotiff: Paths | None = Field(
        None, description="Path of a GeoTIFF, or of several on the same grid: each band is a feature."
    )
    netcdf: str | None = Field(
        None, description="Path of a NetCDF file (3 or 4): each variable over the grid is a feature."
    )
    places: str | None = Field(None, description="Path of a CSV, Parquet or Excel file with a row a place.")
    labels: str | None = Field(
        None, description="Path of a GeoTIFF on the same grid, with the class of each pixel as a number."
    )
    target: str | None = Field(
        None, description="Column with the outcome, of `places`; the variable that holds it, of `netcdf`."
    )
    variables: tuple[str, ...] = Field(
        (),
        description="Variables of a NetCDF file that are features; all over the grid where nothing is said.",
    )
    x: str | None = Field(
        None, description="Column with the first coordinate of a place: `lon`, or metres east."
    )
    y: str | None = Field(None, description="Column with the second one: `lat`, or metres north.")
    block: float | None = Field(
        None,
        gt=0,
        description="Side of the squares that stay together, in units of the coordinates (projected).",
    )
    block_km: float | None = Field(
        None,
        gt=0,
        description="The same in kilometres, where coordinates are degrees of longitude and latitude.",
    )
    margin: float | None = Field(
        None,
        ge=0,
        description="Rows nearer to the border of their square than this are left out, so that rows of "
        "different "
        "squares lie twice as far apart; in the unit of the square. Half a patch where nothing is said.",
    )
    patch: int = Field(
        1,
        ge=1,
        le=31,
        description="Side of the square of pixels around each that is summed up (odd); 1 for none.",
    )
    every: int = Field(
        1, ge=1, le=1000, description="Every so manieth pixel in both directions becomes a row."
    )
    nodata: tuple[float, ...] = Field(
        (), description="Values that mean a missing one, besides what the files say themselves."
    )
    coordinates: bool = Field(
        False,
        description="Whether the coordinates of `places` are features; a model then learns the place, not "
        "what is seen there.",
    )
    time: str | None = Field(
        None, description="Column of `places` by which the latest rows are the sealed ones."
    )
    drop: tuple[str, ...] = Field((), description="Features that are left out.")
    categorical: tuple[str, ...] = Field((), description="Columns of numbers that are codes, not amounts.")
    na_values: tuple[Value, ...] = Field(
        (), description="Further values that mean a missing one; numbers however they are spelt."
    )


def parse(instance: Mapping[str, Any]) -> ScenesSpec:
    """Returns the statement.

    Raises:
        BadInput: on an unknown field, a wrong type, and on fields that do not go together.
    """
    spec = checked(ScenesSpec, instance)
    if spec.patch % 2 == 0:
        raise BadInput(
            f"instance: patch: expected an odd number, so that it has a pixel at its middle, got {spec.patch}"
        )
    if spec.block is not None and spec.block_km is not None:
        raise BadInput("instance: block: expected `block` or `block_km`, got both")
    if spec.block is None and spec.block_km is None:
        raise BadInput(
            "instance: block: expected the side of the squares of land that stay together (near places are "
            "alike: "
            "a random split would flatter); `block: 500` in units of the map, or `block_km: 5` of degrees"
        )
    _refuse_idle(spec)
    return spec


def _refuse_idle(spec: ScenesSpec) -> None:
    idle = _OF_PIXELS if spec.places is not None else _OF_PLACES
    of = "places have no pixels" if spec.places is not None else "it speaks of a column of `places`"
    for name in idle:
        if name in spec.model_fields_set:
            raise BadInput(f"instance: {name} would have no effect: {of}")
    if spec.netcdf is None and spec.variables:
        raise BadInput("instance: variables would have no effect: NetCDF files alone have them")
    if spec.geotiff is not None:
        _need(spec.labels, "labels: expected the path of a GeoTIFF with the class of each pixel")
        if spec.target is not None:
            raise BadInput("instance: target would have no effect: `labels` says the class of each pixel")
    if spec.netcdf is not None and (spec.target is None) == (spec.labels is None):
        raise BadInput("instance: target: expected the variable with the outcome, or `labels`")
    if spec.places is not None:
        _need(spec.target, "target: expected the column with the outcome")
        _need(spec.x, "x: expected the column with the first coordinate")
        _need(spec.y, "y: expected the column with the second coordinate")


def _need(value: object, message: str) -> None:
    if value is None:
        raise BadInput(f"instance: {message}")
