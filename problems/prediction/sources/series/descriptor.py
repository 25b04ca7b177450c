"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="series",
    summary="Series of measurements in CSV, Parquet, .ts or EDF files: a row a person, or a row a window.",
    named_by=("series", "ts", "edf"),
    spec="problems.prediction.sources.series.spec:SeriesSpec",
    parse="problems.prediction.sources.series.parsing:parse",
    read="problems.prediction.sources.series.reading:read",
    samples="problems.prediction.sources.series.samples:samples",
    read_new="problems.prediction.sources.series.new_rows:read_new",
    files=("people",),
    block_words={"convolutions": "course of the series"},
)
