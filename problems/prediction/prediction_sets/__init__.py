"""Conformal sets of classes."""
