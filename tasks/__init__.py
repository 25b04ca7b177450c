"""Prefect tasks, a verb each."""

from escalation.inputs.surroundings import settle

settle()
