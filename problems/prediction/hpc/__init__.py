"""Nested cross-validation over MPI ranks."""
