"""Slurm: runs calls and MPI programs as jobs, by its command line alone."""
