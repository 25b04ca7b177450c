"""Work pools, schedules and variables, and the idempotent script that sets them up."""

from escalation.inputs.surroundings import settle

settle()
