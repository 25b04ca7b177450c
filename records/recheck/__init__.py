"""Ended cases verified again, some every night, so that none goes unlooked at for ever."""
