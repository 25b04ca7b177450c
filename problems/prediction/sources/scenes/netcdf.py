"""NetCDF: variables over a grid, of the classic format (by SciPy) or of NetCDF 4, which is HDF5 (by h5py).

CF conventions 1.11: `_FillValue` and `missing_value` mark missing values, as does what lies outside of
`valid_range`, `scale_factor` and `add_offset` unpack numbers, a variable with the name of its dimension holds
the coordinates. Without `_FillValue` the library's own values stand for what was never written. A variable
that has a dimension before the grid's two (times, levels) is a layer for each of its places.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from problems.prediction.sources.scenes.raster import Raster, masked, refuse_large
from toolbox.arrays.types import Floats
from toolbox.tables.optional import needed
from toolbox.tables.text_file import read_bytes

X_NAMES, Y_NAMES = ("x", "lon", "longitude", "easting"), ("y", "lat", "latitude", "northing")
MOST_LAYERS = 1000
_UNWRITTEN = {
    "i2": -32767.0,
    "u2": 65535.0,
    "i4": -2147483647.0,
    "u4": 4294967295.0,
    "i8": -9223372036854775806.0,
    "u8": 18446744073709551614.0,
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
}
"""By type what the library fills variables with (netcdf.h, NC_FILL_…); of single bytes all values count."""


@dataclass(frozen=True)
class _Variable:
    """As the file has it: nothing unpacked yet."""

    dimensions: tuple[str, ...]
    values: np.ndarray
    about: Mapping[str, Any]


def read_netcdf(
    path: Path, variables: tuple[str, ...], target: str | None, nodata: tuple[float, ...]
) -> Raster:
    """Reads variables over one grid; the target's layer is among them, last.

    Args:
        path: of the file.
        variables: that are features; all over the grid where none are named.
        target: the variable with the outcome.
        nodata: values that mean a missing one, besides what the file says.

    Raises:
        BadInput: naming file and variable.
    """
    data = read_bytes(path, MOST_BYTES)
    try:
        found = _classic(data) if data[:3] == b"CDF" else _hdf5(path, data)
    except BadInput:
        raise
    except Exception as error:  # of what is cut off, each library its own
        raise BadInput(
            f"{path}: expected a NetCDF file, got one that cannot be read: {first_line(error)}"
        ) from None
    across, down = _grid(path, found)
    wanted = _wanted(path, found, variables, target, (down, across))
    layers: dict[str, Floats] = {}
    for name in wanted:
        for layer, values in _layers(path, name, found[name], (down, across)).items():
            layers[layer] = masked(values, nodata)
    if len(layers) > MOST_LAYERS:
        raise BadInput(
            f"{path}: expected at most {MOST_LAYERS} layers, got {len(layers)}: name some under `variables`"
        )
    x, y = _unpacked(found[across]), _unpacked(found[down])
    degrees = across.lower().startswith("lon") or "degree" in _text(found[across].about.get("units"))
    source = {"netcdf": path.name, "sha256": digest_bytes(data)}
    return Raster(layers, x, y, degrees, source)


def _classic(data: bytes) -> dict[str, _Variable]:
    from scipy.io import netcdf_file

    with netcdf_file(io.BytesIO(data), mmap=False) as file:
        return {
            name: _Variable(tuple(each.dimensions), np.array(each.data), dict(vars(each)["_attributes"]))
            for name, each in file.variables.items()
            if each.data.dtype.kind in "iuf"
        }


def _hdf5(path: Path, data: bytes) -> dict[str, _Variable]:
    if not data.startswith(b"\x89HDF"):
        raise BadInput(f"{path}: expected a NetCDF file, got something else")
    h5py = needed("h5py", "NetCDF 4", "scenes")
    with h5py.File(io.BytesIO(data), "r") as file:
        sets = {
            name: file[name]
            for name in file
            # a link, an external or a virtual variable may lead to any other file of the machine
            if isinstance(file.get(name, getlink=True), h5py.HardLink)
            and isinstance(file[name], h5py.Dataset)
        }
        for name, each in sets.items():
            if each.external or each.is_virtual:
                raise BadInput(
                    f"{path}: expected {name!r} in the file itself, got a reference to another file"
                )
            refuse_large(f"{path}, variable {name!r}", int(each.size or 0))
        return {
            name: _Variable(_dimensions(name, each), each[()], {key: each.attrs[key] for key in each.attrs})
            for name, each in sets.items()
            if each.dtype.kind in "iuf" and each.shape
        }


def _dimensions(name: str, dataset: Any) -> tuple[str, ...]:
    """The names of the scales that are attached; of a scale itself its own."""
    if dataset.is_scale:
        return (name,)
    return tuple(
        scale[0].name.rpartition("/")[2] if len(scale) else f"{name}[{i}]"
        for i, scale in enumerate(dataset.dims)
    )


def _grid(path: Path, found: Mapping[str, _Variable]) -> tuple[str, str]:
    axes = {name.lower(): name for name, each in found.items() if each.dimensions == (name,)}
    across = next((axes[name] for name in X_NAMES if name in axes), None)
    down = next((axes[name] for name in Y_NAMES if name in axes), None)
    if across is None or down is None:
        raise BadInput(
            f"{path}: expected coordinates in variables of their dimension's name ({', '.join(X_NAMES)}; "
            f"{', '.join(Y_NAMES)}), got {listed(sorted(axes.values())) or 'none'}"
        )
    return across, down


def _wanted(
    path: Path,
    found: Mapping[str, _Variable],
    variables: tuple[str, ...],
    target: str | None,
    grid: tuple[str, str],
) -> list[str]:
    over = [name for name, each in found.items() if each.dimensions[-2:] == grid]
    for name in (*variables, *([target] if target is not None else [])):
        if name not in over:
            raise BadInput(
                f"{path}: expected a variable {name!r} over ({', '.join(grid)}), got "
                f"{listed(over)}{did_you_mean(name, over)}"
            )
    features = [name for name in (variables or over) if name != target]
    if not features:
        raise BadInput(f"{path}: expected a variable over the grid besides the target, got none")
    if target is not None and found[target].values.ndim != 2:
        raise BadInput(
            f"{path}: expected the target {target!r} over the grid alone, got {found[target].dimensions}"
        )
    return features + ([target] if target is not None else [])


def _layers(path: Path, name: str, variable: _Variable, grid: tuple[str, str]) -> dict[str, Floats]:
    values = _unpacked(variable)
    refuse_large(f"{path}, variable {name!r}", values.size)
    if values.ndim == 2:
        return {name: values}
    places = values.reshape(-1, *values.shape[-2:])
    return {f"{name} {i + 1}": each for i, each in enumerate(places)}


def _unpacked(variable: _Variable) -> Floats:
    about, values = variable.about, variable.values
    if unsigned := values.dtype.kind == "i" and _text(about.get("_Unsigned")).lower() == "true":
        values = values.view(values.dtype.str.replace("i", "u"))

    def numbers(key: str) -> list[float]:
        """Of an attribute, in the variable's type where that was read as another one."""
        found = np.ravel(about.get(key, ()))
        return [float(each) for each in (found.astype(values.dtype) if unsigned else found)]

    gone = [*numbers("_FillValue"), *numbers("missing_value")]
    if "_FillValue" not in about:
        gone.append(_UNWRITTEN.get(values.dtype.str[1:], np.nan))
    found = masked(values, gone)
    least, most = numbers("valid_range") or (
        *(numbers("valid_min") or [-np.inf]),
        *(numbers("valid_max") or [np.inf]),
    )
    found[(found < least) | (found > most)] = np.nan
    scale, offset = (
        float(np.ravel(about.get(*each))[0]) for each in (("scale_factor", 1), ("add_offset", 0))
    )
    return found * scale + offset


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
