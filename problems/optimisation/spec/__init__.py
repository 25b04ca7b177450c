"""What a problem file says."""
