"""WHERE work runs: one folder a machine, found by its descriptor; beside them what machines share."""

SHARED = ("batch", "circuits", "processes")
"""Folders that are no machine."""
