"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="table",
    summary="Rows of a CSV or Parquet file.",
    named_by=("csv", "parquet"),
    spec="problems.prediction.sources.table.spec:FileSpec",
    read="problems.prediction.sources.table.reading:read",
    samples="problems.prediction.sources.table.samples:samples",
)
