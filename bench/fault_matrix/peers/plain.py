"""A Bell pair with IBM's client, as its documentation shows it. Prints the counts."""

import json
import os
import sys

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

url = os.environ["PEER_URL"]
service = QiskitRuntimeService(
    channel="ibm_quantum_platform",
    token="practice-token",  # noqa: S106  # a practice service takes any
    url=url,
    instance=os.environ["PEER_INSTANCE"],
    url_resolver=lambda *_: url,
)
backend = service.backend("practice_boston")
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
isa = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7).run(circuit)
job = SamplerV2(mode=backend).run([isa], shots=64)
sys.stdout.write(json.dumps(job.result()[0].data.meas.get_counts()) + "\n")
