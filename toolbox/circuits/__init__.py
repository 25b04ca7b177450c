"""Circuits as text, and what comes back of them; no quantum package is needed here.

- `qasm3`: OpenQASM 3 text, the same for the same circuit on every machine
- `batches`: how circuits are run, and circuits without parameters
- `samples`: packed bits of a result, as bits and as expectation values
- `readout`: readout mitigation on the strings that were seen
- `null_control`: uniformly random bits in place of samples, drawn from a seed that nobody can choose
"""
