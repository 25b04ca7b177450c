"""From what a problem file says to a table that is read, checked and split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from problems.prediction.tables.datasets import read_dataset
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.preparation import prepare
from problems.prediction.tables.spec import DatasetSpec, FileSpec, parse_spec
from toolbox.tables.raw import RawTable
from toolbox.tables.raw_files import read_csv, read_parquet


def load_table(instance: Mapping[str, Any], seed: int, folder: Path) -> TableInstance:
    """Reads, checks and splits the table that a problem file names.

    Args:
        instance: `dataset`, `csv` or `parquet` and the fields of `spec`.
        seed: decides the split.
        folder: where relative paths start.

    Raises:
        BadInput: with one clear line.
    """
    spec = parse_spec(instance)
    if isinstance(spec, DatasetSpec):
        return prepare(*read_dataset(spec, seed), seed)
    return prepare(read_raw(spec, folder), spec, seed)


def read_raw(spec: FileSpec, folder: Path) -> RawTable:
    """Reads the file that a problem names, before anything is inferred from it.

    Raises:
        BadInput: with one clear line.
    """
    unused = set(spec.drop) - set(spec.subgroups)
    if spec.csv is not None:
        return read_csv(folder / spec.csv, spec.na_values, unused)
    return read_parquet(folder / str(spec.parquet), spec.na_values, unused)
