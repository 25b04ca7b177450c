"""A small scene in each kind of file, and what each field beside it changes."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.scenes.spec import ScenesSpec
from problems.prediction.sources.stating import of_two_classes

SIDE, PIXEL_M = 24, 30.0


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes the scene; returns the ways to name it."""
    here = folder.name
    red, water = _scene()
    write_geotiff(folder / "scene.tif", np.stack([red, red[::-1] + 7]))
    write_geotiff(folder / "water.tif", water)
    _netcdf(folder / "scene.nc", red, water)
    _places(folder / "places.csv", red, water)
    pixels = {"patch": 3, "every": 2, "nodata": [3], "margin": 20}
    return (
        Source(
            "GeoTIFF",
            ScenesSpec,
            {"geotiff": f"{here}/scene.tif", "labels": f"{here}/water.tif", "block": 90},
            of_two_classes("scene: band 1")
            | pixels
            | {"subgroups": ["scene: band 1"], "positive": 0, "drop": ["scene: band 2"]},
        ),
        Source(
            "NetCDF",
            ScenesSpec,
            {"netcdf": f"{here}/scene.nc", "target": "water", "block_km": 0.11},
            of_two_classes("red")
            | pixels
            | {"margin": 0.02, "subgroups": ["red"], "positive": 0, "drop": ["green"], "variables": ["red"]},
        ),
        Source(
            "places",
            ScenesSpec,
            {"places": f"{here}/places.csv", "target": "water", "x": "east", "y": "north", "block": 90},
            of_two_classes("red")
            | {"subgroups": ["soil"], "positive": 0, "drop": ["red"], "categorical": ["soil"]}
            | {"na_values": [3], "coordinates": True, "margin": 20, "time": "day"},
        ),
    )


def _scene() -> tuple[Any, Any]:
    """Values of a band, and which pixels are water."""
    rng = np.random.default_rng(5)
    water = (np.arange(SIDE)[:, None] // 2 + np.arange(SIDE)[None] // 2) % 2
    return (rng.integers(1, 60, (SIDE, SIDE)) + 20 * water).astype(np.float32), water.astype(np.uint8)


def write_geotiff(path: Path, bands: Any, *, degrees: bool = False) -> None:
    """Writes bands with their upper left corner at (0, 0) and pixels of 30 units, or of a millidegree."""
    import tifffile

    size = 0.001 if degrees else PIXEL_M
    keys = (1, 1, 0, 2, 1024, 0, 1, 2 if degrees else 1, 1025, 0, 1, 1)
    tags = [
        (33550, "d", 3, (size, size, 0.0), False),
        (33922, "d", 6, (0.0,) * 6, False),
        (34735, "H", len(keys), keys, False),
    ]
    planes = {"planarconfig": "separate"} if bands.ndim == 3 else {}
    tifffile.imwrite(path, bands, extratags=tags, photometric="minisblack", **planes)


def _netcdf(path: Path, red: Any, water: Any) -> None:
    from scipy.io import netcdf_file

    with netcdf_file(str(path), "w") as file:
        for name, degrees in (("lat", 10 - 0.0003 * np.arange(SIDE)), ("lon", 0.0003 * np.arange(SIDE))):
            file.createDimension(name, SIDE)
            file.createVariable(name, "d", (name,))[:] = degrees
        for name, values in (("red", red), ("green", red[::-1] + 7), ("water", water)):
            file.createVariable(name, "f", ("lat", "lon"))[:] = values


def _places(path: Path, red: Any, water: Any) -> None:
    lines = []
    for place in np.random.default_rng(6).permutation(SIDE * SIDE):
        row, column = divmod(int(place), SIDE)
        east, north = PIXEL_M * (column + 0.5), -PIXEL_M * (row + 0.5)
        values = f"{red[row, column]:g},{(row * column) % 5},{2000 + column}"
        lines.append(f"{east},{north},{values},{water[row, column]}")
    path.write_text("\n".join(["east,north,red,soil,day,water", *lines]) + "\n")
