"""Dual bounds with certificates that anybody can check again."""
