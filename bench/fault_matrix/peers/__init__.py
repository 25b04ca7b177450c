"""The same faults against other clients, each used as its own documentation shows. No part of any test.

python -m bench.fault_matrix.peers.environment   # makes peers/.venv with prefect-qiskit in it
python -m bench.fault_matrix.peers               # runs what is missing; the page takes it up
"""
