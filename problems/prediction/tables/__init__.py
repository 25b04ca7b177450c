"""From a file to typed, encoded rows."""
