"""A simulator of circuits whose state vector is spread over MPI ranks."""
