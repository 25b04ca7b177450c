"""Rows of CSV, Parquet or Excel files."""
