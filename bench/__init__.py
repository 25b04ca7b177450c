"""What is measured, against whom; see README.md. Nothing here is a test."""

from escalation.inputs.surroundings import settle

settle()
