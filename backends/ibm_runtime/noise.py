"""The calibrated noise of the qubits in use, and the simulator that applies it. Needs qiskit."""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.ibm_runtime.subdevice import as_backend, cut, device_target

if TYPE_CHECKING:
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, QuantumError

DENSITY_MATRIX_QUBITS = 10
STATEVECTOR_QUBITS = 24


def simulation_method(num_qubits: int) -> str:
    """Chooses how to simulate: density matrices need one evolution, the others one a shot."""
    if num_qubits <= DENSITY_MATRIX_QUBITS:
        return "density_matrix"
    return "statevector" if num_qubits <= STATEVECTOR_QUBITS else "matrix_product_state"


@cache
def simulator(device: str, qubits: tuple[int, ...], twirling: bool, threads: int) -> "AerSimulator":
    """Returns Aer under the device's calibration, over those qubits alone."""
    from qiskit_aer import AerSimulator

    return AerSimulator.from_backend(
        as_backend(cut(device_target(device), qubits), f"{device}[{len(qubits)}]"),
        noise_model=noise_model(device, qubits, twirling),
        method=simulation_method(len(qubits)),
        fusion_threshold=1,  # Aer fuses from 7 qubits on only, which makes 6 noisy ones slower than 8
        max_parallel_threads=threads,
        max_parallel_experiments=threads,
    )


@cache
def noise_model(device: str, qubits: tuple[int, ...], twirling: bool) -> "NoiseModel":
    """Returns the noise that Aer derives from the calibration of those qubits.

    Depolarising and thermal relaxation channels a gate, symmetric readout errors, no noise on idle qubits
    (`NoiseModel.from_backend`). With `twirling` the two-qubit channels are replaced by their Pauli twirls,
    which is what averaging over infinitely many randomisations leaves (Wallman and Emerson 2016,
    arXiv:1512.01098).
    """
    from qiskit_aer.noise import NoiseModel

    model = NoiseModel.from_backend(as_backend(cut(device_target(device), qubits), device))
    return twirled(model) if twirling else model


def twirled(model: "NoiseModel") -> "NoiseModel":
    """Returns the noise model with the channels of its two-qubit gates Pauli-twirled."""
    from qiskit_aer.noise import NoiseModel

    changed = NoiseModel(basis_gates=model.basis_gates)
    for name, errors in model._local_quantum_errors.items():
        for qubits, error in errors.items():
            changed.add_quantum_error(pauli_twirl(error) if len(qubits) == 2 else error, name, qubits)
    for qubits, readout in model._local_readout_errors.items():
        changed.add_readout_error(readout, qubits)
    return changed


def pauli_twirl(error: "QuantumError") -> "QuantumError":
    """Returns the Pauli channel left when a channel is averaged over conjugation by all Paulis.

    The probability of Pauli P is the (P, P) entry of the channel's chi matrix over its trace.
    """
    from qiskit.quantum_info import Chi, SuperOp, pauli_basis
    from qiskit_aer.noise import pauli_error

    weights = np.clip(np.real(np.diag(Chi(SuperOp(error)).data)), 0.0, None)
    labels: list[Any] = pauli_basis(error.num_qubits).to_labels()
    return pauli_error([(p, float(w)) for p, w in zip(labels, weights / weights.sum(), strict=True) if w > 0])
