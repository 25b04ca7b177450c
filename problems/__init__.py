"""WHAT is solved: one folder a family, found by its descriptor."""
