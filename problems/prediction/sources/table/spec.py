"""What a problem file may say about a table in a file."""

from pydantic import Field

from problems.prediction.stated.spec import ColumnsSpec


class FileSpec(ColumnsSpec):
    """A table in a CSV or Parquet file; relative paths start at the problem file's folder."""

    csv: str | None = Field(None, description="Path of a CSV file with a header line.")
    parquet: str | None = Field(None, description="Path of a Parquet file.")
