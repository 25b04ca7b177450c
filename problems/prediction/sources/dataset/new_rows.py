"""New rows for a model of a data set by name: a table with its columns."""

from pathlib import Path

from problems.prediction.sources.dataset.spec import DatasetSpec
from problems.prediction.sources.new_data import Learnt
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import RawTable


def read_new(spec: DatasetSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`."""
    return read_any(folder / spec.dataset)
