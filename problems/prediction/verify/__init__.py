"""What checks an answer from the instance alone."""
