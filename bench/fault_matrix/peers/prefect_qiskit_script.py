"""A Bell pair with prefect-qiskit, as its documentation shows it. Prints the counts.

Defaults but for the pause between its five retries, 1 s instead of 300 s.
"""

import json
import os
import sys

from prefect import flow
from prefect_qiskit.runtime import QuantumRuntime  # type: ignore[import-not-found]  # in its own environment
from prefect_qiskit.vendors.ibm_quantum import IBMQuantumCredentials  # type: ignore[import-not-found]
from pydantic import SecretStr
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager


@flow
def bell() -> dict[str, int]:
    """Runs the circuit."""
    url = os.environ["PEER_URL"]
    credentials = IBMQuantumCredentials(
        api_key=SecretStr("practice-token"),
        crn=os.environ["PEER_INSTANCE"],
        auth_url=url,
        runtime_url=f"{url}/",
    )
    runtime = QuantumRuntime(resource_name="practice_boston", credentials=credentials, retry_delay=1)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    passes = generate_preset_pass_manager(
        optimization_level=1, target=runtime.get_target(), seed_transpiler=7
    )
    result = runtime.sampler([(passes.run(circuit), None, 64)])
    counts: dict[str, int] = result[0].data.meas.get_counts()
    return counts


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bell()) + "\n")
