"""Batches in several processes, each with a runtime of its own."""
