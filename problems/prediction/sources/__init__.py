"""What the data are: one folder a source, and what they share."""
