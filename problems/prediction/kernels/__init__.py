"""Feature maps, state vectors and the kernels they make."""
