"""Drives a case's ladder again from its record, and says where it comes out otherwise."""
