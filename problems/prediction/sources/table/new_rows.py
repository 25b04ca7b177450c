"""New rows for a model of a table: a table in any kind of file, or several that are joined as those were."""

from pathlib import Path

from escalation.model.errors import BadInput
from problems.prediction.sources.new_data import Learnt, listed_paths
from problems.prediction.sources.table.spec import FileSpec
from toolbox.tables.any_file import field_of, read_any
from toolbox.tables.joining import joined, stacked
from toolbox.tables.raw import RawTable
from toolbox.tables.workbook import read_workbook


def read_new(spec: FileSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`; what stood in two files may now stand in one."""
    paths = next(each for each in (spec.csv, spec.parquet, spec.excel) if each is not None)
    table = stacked([(path, _one(spec, folder / path)) for path in listed_paths(paths)])
    if spec.join is None:
        return table
    if spec.by is None:
        raise BadInput("join: the model was learnt from one table: give its columns in one")
    others = [(path, read_any(folder / path, spec.na_values)) for path in listed_paths(spec.join)]
    return joined([(listed_paths(paths)[0], table), *others], spec.by)


def _one(spec: FileSpec, path: Path) -> RawTable:
    if field_of(path) == "excel":
        return read_workbook(path, spec.sheet, spec.na_values)
    return read_any(path, spec.na_values)
