"""The forms that methods need: MIP, interval model, QUBO, spins."""
