"""Contract suites that every family and backend inherits by existing, and the work samples they run."""
