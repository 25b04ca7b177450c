"""Ideal simulation of circuits with Qiskit Aer."""
