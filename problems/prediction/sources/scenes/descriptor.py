"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="scenes",
    summary="Pixels of GeoTIFF or NetCDF files, or places in a table; rows of one square of land stay "
    "together.",
    named_by=("geotiff", "netcdf", "places"),
    spec="problems.prediction.sources.scenes.spec:ScenesSpec",
    parse="problems.prediction.sources.scenes.spec:parse",
    read="problems.prediction.sources.scenes.reading:read",
    samples="problems.prediction.sources.scenes.samples:samples",
    read_new="problems.prediction.sources.scenes.new_rows:read_new",
    files=("labels",),
    noun="places",
)
