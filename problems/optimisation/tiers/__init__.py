"""The classical and the learned tier."""
