"""Values that are written down: problems, work, attempts, certificates, decisions, submissions."""
