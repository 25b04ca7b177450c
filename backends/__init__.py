"""WHERE work runs: one folder a machine, found by its descriptor; beside them what machines share."""

SHARED = ("circuits", "processes")
"""Folders that are no machine."""
