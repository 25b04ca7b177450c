"""WHAT HAPPENED: the ledger (SQL), the store (bytes by SHA-256), the tracking (MLflow)."""

from escalation.inputs.surroundings import settle

settle()
