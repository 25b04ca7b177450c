"""Facts in, decision out: conditions, router, policy files and their tests, the floor below them."""
