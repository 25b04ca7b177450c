"""What batch systems share: jobs that outlive their submitter, found by name, followed by their folder."""
