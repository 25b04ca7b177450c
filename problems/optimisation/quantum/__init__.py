"""The quantum tier: the instance reduced to a few qubits, QAOA with transferred angles, a null control."""
