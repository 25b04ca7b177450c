"""Optimisation: clinic schedules, triage, and benchmarks (QUBO, maximum cut, independent set)."""
