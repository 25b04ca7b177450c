"""One paid job, exactly once: its steps, what follows it, what a person may do."""
