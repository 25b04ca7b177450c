"""The forms that methods need: integer programme, interval model, QUBO, spins."""
