"""Rows of a CSV or Parquet file."""
