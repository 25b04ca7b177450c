"""Engines on MPI ranks that share incumbents and bounds while they run."""
