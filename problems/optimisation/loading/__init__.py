"""From what a problem file says to a checked instance."""
