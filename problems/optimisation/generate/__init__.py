"""Realistic clinics and wards of any size, from a seed."""
