"""From what a problem file says to rows that are read, checked and split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from problems.prediction.sources.source import read
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.preparation import prepare


def load_rows(instance: Mapping[str, Any], seed: int, folder: Path) -> TableInstance:
    """Reads, checks and splits the rows that a problem file names.

    Args:
        instance: a field that names the source, and the fields of its statement.
        seed: decides the split.
        folder: where relative paths start.

    Raises:
        BadInput: with one clear line.
    """
    return prepare(*read(instance, seed, folder), seed)
