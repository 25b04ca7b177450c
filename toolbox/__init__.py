"""What families share, and nothing else uses."""
