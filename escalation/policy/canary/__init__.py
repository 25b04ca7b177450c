"""A canary: a share of the cases under a new policy, and the guard that ends it."""
