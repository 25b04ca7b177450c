"""The smallest whole family: find a large number in a list. Documentation and fake at once."""
