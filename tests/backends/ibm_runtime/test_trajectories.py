"""Drawn errors: the samples are those of the noisy circuit, wide circuits take little time, seeds repeat."""

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, pauli_error

from backends.ibm_runtime.trajectories import SHOTS_EACH, Noiseless, PauliNoise, sample

STATES = Noiseless("statevector")


def ghz_like(qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits, qubits)
    circuit.ry(0.9, range(qubits))
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.rx(0.4, range(qubits))
    circuit.measure(range(qubits), range(qubits))
    return circuit


def strong_noise(qubits: int) -> NoiseModel:
    """Lopsided Pauli channels, so that a wrong label, order or qubit would show."""
    model = NoiseModel()
    for qubit in range(qubits):
        model.add_quantum_error(pauli_error([("X", 0.05), ("Z", 0.02), ("I", 0.93)]), ["ry"], [qubit])
        model.add_readout_error(ReadoutError([[0.97, 0.03], [0.10, 0.90]]), [qubit])
    for qubit in range(qubits - 1):
        channel = pauli_error([("XI", 0.08), ("IY", 0.04), ("ZZ", 0.05), ("II", 0.83)])
        model.add_quantum_error(channel, ["cx"], [qubit, qubit + 1])
    return model


def shares(bits: NDArray[np.uint8], width: int) -> NDArray[np.float64]:
    counted = np.bincount(bits[0, :, 0], minlength=2**width) / bits.shape[1]
    return np.asarray(counted, dtype=np.float64)


def test_samples_are_those_of_the_exact_noisy_circuit() -> None:
    # slow twin: the density matrix of the same circuit under the same model, from 200,000 shots of it
    circuit, model, shots = ghz_like(4), strong_noise(4), 16384
    ours = shares(sample(circuit, PauliNoise(model), shots, 3, STATES), 4)
    exact = AerSimulator(noise_model=model, method="density_matrix")
    counts = exact.run(circuit, shots=200_000, seed_simulator=1).result().get_counts()
    theirs = np.array([counts.get(f"{k:04b}", 0) for k in range(16)]) / 200_000
    # shots that share their errors vary at most SHOTS_EACH times as much; five standard deviations
    allowed = 5 * np.sqrt(SHOTS_EACH * theirs * (1 - theirs) / shots)
    assert (np.abs(ours - theirs) < allowed).all()
    clean = shares(sample(circuit, PauliNoise(NoiseModel()), shots, 3, STATES), 4)
    assert np.abs(clean - theirs).sum() > 3 * np.abs(ours - theirs).sum()


def test_classical_bit_0_is_last_and_the_padding_in_front() -> None:
    circuit = QuantumCircuit(10, 10)
    circuit.x([0, 9])
    circuit.measure(range(10), range(10))
    bits = sample(circuit, PauliNoise(NoiseModel()), 20, 1, STATES)
    assert bits.shape == (1, 20, 2)
    assert (bits == np.array([0b10, 0b1], dtype=np.uint8)).all()


def test_equal_seeds_repeat_and_others_differ() -> None:
    circuit, noise = ghz_like(4), PauliNoise(strong_noise(4))
    first, again, other = (sample(circuit, noise, 100, seed, STATES) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_misread_bit_is_misread_as_often_as_stated() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    bits = sample(circuit, PauliNoise(strong_noise(2)), 8192, 4, STATES)[0, :, 0]
    assert (bits & 1).mean() == pytest.approx(0.03, abs=0.01)
    assert (bits >> 1).mean() == pytest.approx(0.90, abs=0.02)


def test_a_wide_shallow_circuit_is_sampled_as_a_matrix_product() -> None:
    circuit = ghz_like(40)
    bits = sample(circuit, PauliNoise(strong_noise(40)), 32, 5, Noiseless("matrix_product_state"))
    assert bits.shape == (1, 32, 5)
    assert len(np.unique(bits[0], axis=0)) > 16
