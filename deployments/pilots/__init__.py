"""Pilots: workers of the pool inside allocations of a batch system, for many small pieces of work."""
