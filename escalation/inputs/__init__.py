"""What people give: YAML documents, files, settings, and the place that a process finds itself in."""
