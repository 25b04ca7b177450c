"""WHAT HAPPENED: the ledger (SQL), the store (bytes by SHA-256), the tracking (MLflow)."""

from escalation.surroundings import settle

settle()
