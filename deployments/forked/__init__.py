"""Flow runs that are forks of a process which has imported what they need."""
