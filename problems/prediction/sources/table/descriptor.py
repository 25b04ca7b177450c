"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="table",
    summary="Rows of a CSV, Parquet or Excel file, or of several that are one table.",
    named_by=("csv", "parquet", "excel"),
    spec="problems.prediction.sources.table.spec:FileSpec",
    parse="problems.prediction.sources.table.spec:parse",
    read="problems.prediction.sources.table.reading:read",
    samples="problems.prediction.sources.table.samples:samples",
    read_new="problems.prediction.sources.table.new_rows:read_new",
    files=("join",),
)
