"""Reads the file that a problem names, before anything is inferred from it."""

from pathlib import Path

from problems.prediction.sources.table.spec import FileSpec
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.tables.raw import RawTable
from toolbox.tables.raw_files import read_csv, read_parquet


def read(spec: FileSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; chance plays no part."""
    return read_raw(spec, folder), spec


def read_raw(spec: FileSpec, folder: Path) -> RawTable:
    """Reads a file.

    Raises:
        BadInput: with one clear line.
    """
    unused = set(spec.drop) - set(spec.subgroups)
    if spec.csv is not None:
        return read_csv(folder / spec.csv, spec.na_values, unused)
    return read_parquet(folder / str(spec.parquet), spec.na_values, unused)
