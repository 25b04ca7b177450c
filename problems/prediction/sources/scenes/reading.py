"""From scenes to rows: labelled pixels or places, each in its square of land."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from problems.prediction.sources.scenes import blocks
from problems.prediction.sources.scenes.geotiff import read_geotiff
from problems.prediction.sources.scenes.netcdf import read_netcdf
from problems.prediction.sources.scenes.patches import patch_layers
from problems.prediction.sources.scenes.raster import Raster, check_grid, pixel, together
from problems.prediction.sources.scenes.spec import ScenesSpec
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.arrays.types import Floats, Index
from toolbox.tables.any_file import read_any
from toolbox.tables.as_numbers import check_column, numbers_of
from toolbox.tables.numbers import canonical
from toolbox.tables.raw import Numbers, RawTable, Texts

BLOCK, CLASS = "square", "class"
MOST_ROWS = 1_000_000


def read(spec: ScenesSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; chance plays no part."""
    if spec.places is not None:
        table, target, drop = (
            _places(spec, folder),
            str(spec.target),
            () if spec.coordinates else (str(spec.x), str(spec.y)),
        )
    else:
        table, target, drop = _pixels(spec, folder), spec.target or CLASS, ()
    said = {name: getattr(spec, name) for name in spec.model_fields_set & set(ColumnsSpec.model_fields)}
    return table, ColumnsSpec.model_validate(
        {**said, "target": target, "group": BLOCK, "drop": (*spec.drop, *drop)}
    )


def _places(spec: ScenesSpec, folder: Path) -> RawTable:
    table = read_any(folder / str(spec.places), spec.na_values)
    file = Path(str(spec.places)).name
    found = []
    for role, name in (("x", str(spec.x)), ("y", str(spec.y))):
        check_column(table, name, role, file)
        numbers = numbers_of(table, name, role, file)
        if np.isnan(numbers).any():
            place = table.where[int(np.flatnonzero(np.isnan(numbers))[0])]
            raise BadInput(
                f"{file}, {place}: {role} column {name!r}: expected a coordinate, got a missing value"
            )
        found.append(numbers)
    x, y = found
    degrees = spec.block_km is not None
    wrong = np.flatnonzero(degrees & ((np.abs(x) > 360) | (np.abs(y) > 90)))
    if len(wrong):
        raise BadInput(
            f"{file}, {table.where[wrong[0]]}: expected degrees, as `block_km` is stated, got "
            f"{x[wrong[0]]:g} and "
            f"{y[wrong[0]]:g}: state `block` in units of the coordinates"
        )
    return _in_blocks(spec, table, x, y, 0.0)


def _pixels(spec: ScenesSpec, folder: Path) -> RawTable:
    raster, outcome, target = _raster(spec, folder)
    if raster.degrees != (spec.block_km is not None):
        wanted = "block_km" if raster.degrees else "block"
        why = "degrees" if raster.degrees else "no degrees"
        raise BadInput(f"instance: {wanted}: expected it, as the coordinates are {why}")
    layers = patch_layers(raster.layers, spec.patch)
    rows, columns = pixels_of(spec, outcome, layers)
    found: dict[str, Texts | Numbers] = {name: layer[rows, columns] for name, layer in layers.items()}
    found[target] = [canonical(float(value)) for value in outcome[rows, columns]]
    x, y = raster.x[columns], raster.y[rows]
    where = tuple(f"pixel {row}, {column}" for row, column in zip(rows, columns, strict=True))
    table = RawTable(found, where, raster.source, remarks=raster.remarks)
    half = spec.patch // 2 * max(pixel(raster.x), pixel(raster.y))
    return _in_blocks(spec, table, x, y, np.radians(half) * blocks.EARTH_KM if raster.degrees else half)


def _raster(spec: ScenesSpec, folder: Path) -> tuple[Raster, Floats, str]:
    """The layers that are features, the outcome of each pixel, and its name."""
    if spec.geotiff is not None:
        paths = [spec.geotiff] if isinstance(spec.geotiff, str) else list(spec.geotiff)
        raster = together([(path, read_geotiff(folder / path, spec.nodata)) for path in paths])
    else:
        raster = read_netcdf(folder / str(spec.netcdf), spec.variables, spec.target, spec.nodata)
    if spec.labels is None:
        layers = dict(raster.layers)
        outcome = layers.pop(str(spec.target))
        return replace(raster, layers=layers), outcome, str(spec.target)
    labels = read_geotiff(folder / spec.labels, spec.nodata)
    check_grid(spec.labels, labels, spec.geotiff if isinstance(spec.geotiff, str) else "the scene", raster)
    if len(labels.layers) != 1:
        raise BadInput(
            f"{spec.labels}: expected one band with the class of each pixel, got {len(labels.layers)}"
        )
    (outcome,) = labels.layers.values()
    return replace(raster, source={**raster.source, "labels": dict(labels.source)}), outcome, CLASS


def pixels_of(spec: ScenesSpec, outcome: Floats, layers: dict[str, Floats]) -> tuple[Index, Index]:
    """Rows and columns of the pixels that have an outcome and some value."""
    seen = ~np.isnan(outcome) & np.any([~np.isnan(layer) for layer in layers.values()], axis=0)
    thinned = np.zeros_like(seen)
    thinned[spec.every // 2 :: spec.every, spec.every // 2 :: spec.every] = True
    rows, columns = np.nonzero(seen & thinned)
    if not len(rows):
        raise BadInput("expected pixels with an outcome and a value, got none: is the missing value right?")
    if len(rows) > MOST_ROWS:
        raise BadInput(f"expected at most {MOST_ROWS:,} pixels, got {len(rows):,}: take fewer with `every`")
    return rows, columns


def _in_blocks(spec: ScenesSpec, table: RawTable, x: Floats, y: Floats, half: float) -> RawTable:
    """The rows that lie within their squares, with the name of each one's square."""
    if BLOCK in table.columns:
        raise BadInput(f"column {BLOCK!r}: this name is taken for the square of a row: rename it")
    side = spec.block if spec.block is not None else float(spec.block_km or 0)
    unit = "units of the map" if spec.block_km is None else "km"
    margin = half if spec.margin is None else spec.margin
    across, up = blocks.on_plane(x, y, spec.block_km)
    kept = np.flatnonzero(blocks.inside(across, up, side, margin))
    if not len(kept):
        raise BadInput(
            f"instance: margin: expected rows at least {margin:g} from the border of a square of {side:g}, "
            "got none"
        )
    at = blocks.blocks(across[kept], up[kept], side)
    names = [f"{column} {row}" for column, row in zip(*at, strict=True)]
    places = np.column_stack([across, up]) if spec.block_km is None else blocks.on_globe(x, y)
    nearest = blocks.apart(places[kept], names)
    said = [blocks.described(names, side, unit, nearest, margin)]
    if gone := len(x) - len(kept):
        said.append(
            f"{counted(gone, 'row', 'rows')} nearer than {margin:g} {unit} to the border of their square "
            "left out"
        )
    columns = {name: _taken(values, kept) for name, values in table.columns.items()}
    return replace(
        table,
        columns={**columns, BLOCK: list(names)},
        where=tuple(table.where[i] for i in kept),
        remarks=(*table.remarks, *said),
    )


def _taken(values: Texts | Numbers, kept: Index) -> Texts | Numbers:
    return values[kept] if isinstance(values, np.ndarray) else [values[i] for i in kept]
