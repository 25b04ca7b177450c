"""The ladder and its drivers."""
