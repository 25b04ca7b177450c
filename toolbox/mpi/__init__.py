"""What MPI programs share: a queue of tasks, and how it scales."""
