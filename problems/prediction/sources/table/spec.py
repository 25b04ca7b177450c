"""What a problem file may say about tables in files."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec, checked

Paths = str | tuple[str, ...]


class FileSpec(ColumnsSpec):
    """A table in one file or in several; relative paths start at the problem file's folder."""

    csv: Paths | None = Field(
        None, description="Path of a CSV file with a header line, or of several with the same columns."
    )
    parquet: Paths | None = Field(
        None, description="Path of a Parquet file, or of several with the same columns."
    )
    excel: Paths | None = Field(
        None,
        description="Path of an Excel workbook (.xlsx), or of several with the same columns.",
    )
    sheet: str | None = Field(
        None, description="The workbook's sheet; may be left out where one alone holds something."
    )
    join: Paths | None = Field(
        None,
        description="Path of a file with further columns of the same rows, or of several; CSV, Parquet or "
        "Excel by "
        "the file's name.",
    )
    by: str | None = Field(
        None,
        description="Column by which the files under `join` are joined, one row a value in each. It names "
        "rows, so "
        "it is no feature; it may be the `group`.",
    )


def parse(instance: Mapping[str, Any]) -> FileSpec:
    """Returns the statement.

    Raises:
        BadInput: on an unknown field, a wrong type, and on a field that would have no effect.
    """
    spec = checked(FileSpec, instance)
    if spec.sheet is not None and spec.excel is None:
        raise BadInput("instance: sheet would have no effect: it is a part of `excel`")
    if spec.by is not None and spec.join is None:
        raise BadInput("instance: by would have no effect: expected `join` beside it")
    if spec.join is not None and spec.by is None:
        raise BadInput("instance: by: expected the column by which files under `join` are joined")
    for name in ("csv", "parquet", "excel", "join"):
        if getattr(spec, name) == ():
            raise BadInput(f"instance: {name}: expected a path, got none")
    return spec
