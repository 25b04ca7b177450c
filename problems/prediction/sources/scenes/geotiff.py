"""GeoTIFF: bands of a TIFF file, with the tags that say where on Earth they lie.

OGC 19-008r4, the GeoTIFF standard 1.1: the model's tie point and pixel scale, or a transformation; whether
coordinates are degrees; whether a pixel is an area or a point. GDAL keeps the missing value in a tag of its
own.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from problems.prediction.sources.scenes.raster import Raster, masked, refuse_large
from toolbox.arrays.types import Floats
from toolbox.tables.optional import needed
from toolbox.tables.text_file import read_bytes

_GEOGRAPHIC, _POINT = 2, 2
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_geotiff(path: Path, nodata: tuple[float, ...] = ()) -> Raster:
    """Reads all bands; a layer is called after file and band, `red` or `scene: band 3`.

    Args:
        path: of the file.
        nodata: values that mean a missing one, besides what the file says.

    Raises:
        BadInput: naming the file, when it is none, packed in a way that cannot be read, complex, or turned
            against the axes.
    """
    data = read_bytes(path, MOST_BYTES)
    if data[:4] not in _TIFF:
        raise BadInput(f"{path}: expected a GeoTIFF, got something else")
    tifffile = needed("tifffile", "GeoTIFF", "scenes")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            series = file.series[0]
            page = series.keyframe
            refuse_large(str(path), int(np.prod(series.shape)))
            bands = _bands(path, series.asarray(), series.axes)
            tags = dict(page.geotiff_tags or {})
            own = _nodata(page)
    except BadInput:
        raise
    except Exception as error:  # of what is cut off, or packed by a codec that is not there
        why = first_line(error, typed=False)
        raise BadInput(
            f"{path}: expected a GeoTIFF that can be read: {why}; gdal_translate -co COMPRESS=DEFLATE "
            f"{path.name} "
            "new.tif packs it in a way that always can"
        ) from None
    x, y, said = _axes(path, tags, bands.shape[1:])
    names = [path.stem] if len(bands) == 1 else [f"{path.stem}: band {i + 1}" for i in range(len(bands))]
    layers = {name: masked(band, (*own, *nodata)) for name, band in zip(names, bands, strict=True)}
    source = {"geotiff": path.name, "sha256": digest_bytes(data)}
    return Raster(layers, x, y, tags.get("GTModelTypeGeoKey") == _GEOGRAPHIC, source, said)


def _bands(path: Path, values: np.ndarray, axes: str) -> np.ndarray:
    """Shape (bands, rows, columns)."""
    if np.iscomplexobj(values):
        raise BadInput(f"{path}: expected real numbers, got complex ones: write amplitude and phase as bands")
    if axes[-2:] == "YX":
        return values.reshape(-1, *values.shape[-2:])
    if axes[-3:] == "YXS":
        return np.moveaxis(values.reshape(*values.shape[-3:]), -1, 0)
    raise BadInput(f"{path}: expected bands of rows and columns, got axes {axes}")


def _nodata(page: Any) -> tuple[float, ...]:
    tag = page.tags.get("GDAL_NODATA")
    try:
        return () if tag is None else (float(str(tag.value).strip("\0 ")),)
    except ValueError:
        return ()


def _axes(path: Path, tags: dict[str, Any], shape: tuple[int, ...]) -> tuple[Floats, Floats, tuple[str, ...]]:
    """The middles of columns and rows, and what was assumed."""
    middle = 0.0 if _is_point(tags) else 0.5
    columns, rows = (np.arange(size, dtype=np.float64) + middle for size in (shape[1], shape[0]))
    if "ModelTransformation" in tags:
        matrix = np.array(tags["ModelTransformation"], dtype=np.float64).reshape(4, 4)
        if matrix[0, 1] or matrix[1, 0]:
            raise BadInput(
                f"{path}: expected a grid along the axes, got a turned one: resample it first (gdalwarp)"
            )
        return matrix[0, 0] * columns + matrix[0, 3], matrix[1, 1] * rows + matrix[1, 3], ()
    if "ModelPixelScale" in tags and "ModelTiepoint" in tags:
        scale, tie = tags["ModelPixelScale"], np.ravel(tags["ModelTiepoint"])
        return tie[3] + (columns - tie[0]) * scale[0], tie[4] - (rows - tie[1]) * scale[1], ()
    said = f"{path.name} does not say where on Earth it lies: coordinates are numbers of pixels"
    return columns, -rows, (said,)


def _is_point(tags: dict[str, Any]) -> bool:
    return int(tags.get("GTRasterTypeGeoKey", 1)) == _POINT
