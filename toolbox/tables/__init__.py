"""Tables and text files as users have them, read by explicit rules; every refusal names its place.

- `text_file`: a file's text, with lines to complain about and a digest for the record
- `csv_file`: the one reader of CSV: encoding, delimiter, quoting, comments, broken lines
- `rows`: a CSV file as lines of named cells, for tables whose columns are known
- `raw`, `raw_files`: a CSV or Parquet file as columns, before anything is inferred from it
- `arrow`: Arrow's columns, every type with the values it stands for
- `missing`, `numbers`: what means a missing value; one notation of numbers a column
- `workbook`, `any_file`: a sheet of Excel as columns; a table by what its file's name ends with
- `joining`: several files as one table, stacked or joined by a key
- `as_numbers`: a column that must hold numbers, or times
- `whole_numbers`: integers within limits, however they are spelt
"""
