"""The hand-off of paid work: priced before, paid once, never lost."""
