"""The state vector on a GPU, in single precision."""
