"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="events",
    summary="Collision events in ROOT, CSV or Parquet files: a row an event, signal against background.",
    named_by=("events", "signal"),
    spec="problems.prediction.sources.events.spec:EventsSpec",
    parse="problems.prediction.sources.events.spec:parse",
    read="problems.prediction.sources.events.reading:read",
    samples="problems.prediction.sources.events.samples:samples",
    read_new="problems.prediction.sources.events.new_rows:read_new",
    files=("background",),
    noun="events",
)
