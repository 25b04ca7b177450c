"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="dataset",
    summary="A table that comes with an installed package, or is constructed.",
    named_by=("dataset",),
    spec="problems.prediction.sources.dataset.spec:DatasetSpec",
    parse="problems.prediction.sources.dataset.spec:parse",
    read="problems.prediction.sources.dataset.datasets:read",
    samples="problems.prediction.sources.dataset.samples:samples",
    read_new="problems.prediction.sources.dataset.new_rows:read_new",
)
