"""Thin Prefect tasks, a verb each."""
