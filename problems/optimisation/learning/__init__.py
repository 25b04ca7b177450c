"""Which engines deserve the time, learned from solved cases."""
