"""A policy tried over past cases: what it would have decided, as far as their record can tell."""
