"""New scenes or places for a model of scenes: every pixel that has a value is a row, whatever it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.sources.new_data import Learnt, listed_paths
from problems.prediction.sources.scenes.geotiff import read_geotiff
from problems.prediction.sources.scenes.netcdf import read_netcdf
from problems.prediction.sources.scenes.patches import patch_layers
from problems.prediction.sources.scenes.raster import Raster, together
from problems.prediction.sources.scenes.reading import pixels_of
from problems.prediction.sources.scenes.spec import ScenesSpec
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import RawTable


def read_new(spec: ScenesSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`; a new file stands for the one in its place, whatever its name."""
    if spec.places is not None:
        return read_any(folder / spec.places, spec.na_values)
    if spec.netcdf is not None:
        raster = read_netcdf(folder / spec.netcdf, spec.variables, None, spec.nodata)
    else:
        raster = _geotiffs(spec, folder, learnt)
    layers = patch_layers(raster.layers, spec.patch)
    own = {name: layer for name, layer in layers.items() if name in learnt.features}
    if not own:
        raise BadInput(f"expected layers as those that were learnt from, got {', '.join(list(layers)[:10])}")
    rows, columns = pixels_of(spec, np.zeros(raster.shape), own)
    said = (f"every {spec.every}th pixel either way, as when it was learnt",) if spec.every > 1 else ()
    return RawTable(
        {name: layer[rows, columns] for name, layer in layers.items()},
        tuple(f"pixel {row}, {column}" for row, column in zip(rows, columns, strict=True)),
        raster.source,
        remarks=(*raster.remarks, *said),
    )


def _geotiffs(spec: ScenesSpec, folder: Path, learnt: Learnt) -> Raster:
    assert isinstance(learnt.spec, ScenesSpec)
    old = [Path(path).stem for path in listed_paths(learnt.spec.geotiff or ())]
    new = listed_paths(spec.geotiff or ())
    if len(new) != len(old):
        raise BadInput(
            f"expected {len(old)} files, as the model was learnt from ({', '.join(old)}), got {len(new)}: "
            "list them in this order in a YAML file, under `geotiff`"
        )
    rasters = [(path, read_geotiff(folder / path, spec.nodata)) for path in new]
    named = [
        (path, _called(raster, Path(path).stem, then))
        for (path, raster), then in zip(rasters, old, strict=True)
    ]
    return together(named)


def _called(raster: Raster, now: str, then: str) -> Raster:
    layers = {then + name[len(now) :]: layer for name, layer in raster.layers.items()}
    return replace(raster, layers=layers)
