"""Genes, proteins, variants: matrices with many more columns than people, joined with a table of samples."""
