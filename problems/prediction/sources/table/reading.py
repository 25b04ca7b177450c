"""Reads the files that a problem names, before anything is inferred from them."""

from collections.abc import Collection
from pathlib import Path

from problems.prediction.sources.table.spec import FileSpec, Paths
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.tables.any_file import read_any
from toolbox.tables.joining import Named, joined, stacked
from toolbox.tables.raw import RawTable
from toolbox.tables.raw_files import read_csv, read_parquet
from toolbox.tables.workbook import read_workbook


def read(spec: FileSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; chance plays no part."""
    table = read_raw(spec, folder)
    if spec.by is None or spec.by in {spec.group, spec.time, spec.target, *spec.drop}:
        return table, spec
    return table, spec.model_copy(update={"drop": (*spec.drop, spec.by)})


def read_raw(spec: FileSpec, folder: Path) -> RawTable:
    """Reads the files, those of one kind below each other, those under `join` beside them.

    Raises:
        BadInput: with one clear line.
    """
    unused = set(spec.drop) - {*spec.subgroups, spec.by}
    paths = next(each for each in (spec.csv, spec.parquet, spec.excel) if each is not None)
    table = stacked([(path, _one(spec, folder / path, unused)) for path in _listed(paths)])
    if spec.join is None:
        return table
    first = (_listed(paths)[0] if isinstance(paths, str) else "the table", table)
    others: list[Named] = [
        (path, read_any(folder / path, spec.na_values, unused)) for path in _listed(spec.join)
    ]
    return joined([first, *others], str(spec.by))


def _listed(paths: Paths) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)


def _one(spec: FileSpec, path: Path, unused: Collection[str]) -> RawTable:
    if spec.csv is not None:
        return read_csv(path, spec.na_values, unused)
    if spec.parquet is not None:
        return read_parquet(path, spec.na_values, unused)
    return read_workbook(path, spec.sheet, spec.na_values, unused)
