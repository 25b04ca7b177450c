"""Thin Prefect tasks, a verb each."""

from escalation.surroundings import settle

settle()
