"""WHERE work runs: one folder a machine, found by its descriptor."""
