"""Projected quantum kernels."""
