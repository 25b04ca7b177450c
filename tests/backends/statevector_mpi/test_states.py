"""States over ranks against closed forms, Qiskit and Aer, and against each other to the last bit."""

import json
from math import pi, sqrt

import numpy as np
import pytest
from qiskit import transpile
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer import AerSimulator
from scipy.stats import chi2

from tests.backends.statevector_mpi.conftest import (
    MADE,
    NUMBER,
    QFT_OF,
    RANKS,
    World,
    circuits,
    estimated_batch,
    loaded,
    sampled_batch,
)

Worlds = dict[int, World]
NAMES = list(MADE)


def test_amplitudes_samples_and_estimates_are_the_same_bits_on_1_2_and_4_ranks(worlds: Worlds) -> None:
    for part in ("amplitudes", "samples", "estimates"):
        assert len({getattr(worlds[ranks], part).digest for ranks in RANKS}) == 1, part
    sent = {ranks: json.loads(worlds[ranks].amplitudes.evidence["statevector.json"].data) for ranks in RANKS}
    assert sent[1]["exchanges"] == 0 < sent[2]["exchanges"] <= sent[4]["exchanges"]
    assert all(len(sent[ranks]["bytes_sent_by_rank"]) == ranks for ranks in RANKS)


@pytest.mark.parametrize("name", NAMES)
def test_a_state_is_qiskits_and_aers_but_for_its_phase(worlds: Worlds, name: str) -> None:
    circuit = circuits()[name].copy()
    expected = [Statevector(circuit).data]
    circuit.save_statevector()
    aer = AerSimulator(method="statevector")
    ran = aer.run(transpile(circuit, aer, optimization_level=0)).result()
    expected.append(ran.get_statevector().data)
    for each in expected:
        overlap = np.vdot(each, worlds[4].state(name))
        assert abs(overlap) == pytest.approx(1, abs=1e-12)
        assert np.abs(worlds[4].state(name) - overlap * each).max() < 1e-12


def test_the_fourier_transform_of_a_basis_state_is_a_plane_wave(worlds: Worlds) -> None:
    # |k> becomes the sum over j of exp(2πi jk/N) |j> / √N (Nielsen & Chuang, equation 5.2)
    j = np.arange(1024)
    wave = np.exp(2j * pi * j * QFT_OF / 1024) / 32
    assert np.abs(worlds[4].state("fourier") - wave).max() < 1e-14


def test_the_ghz_state_is_two_amplitudes_and_a_mirrored_circuit_none_but_the_first(worlds: Worlds) -> None:
    ghz = worlds[4].state("ghz")
    assert np.flatnonzero(ghz).tolist() == [0, 4095]
    assert np.abs(ghz[[0, -1]]) == pytest.approx([1 / sqrt(2)] * 2)
    back = np.abs(worlds[4].state("mirrored"))
    assert back[0] == pytest.approx(1, abs=1e-12)
    assert back[1:].max() < 1e-12


def test_a_stabilizer_state_is_flat_over_a_power_of_two_of_outcomes(worlds: Worlds) -> None:
    # Dehaene & De Moor 2003, doi:10.1103/PhysRevA.68.042318, theorem 1
    odds = np.abs(worlds[4].state("stabilizer")) ** 2
    support = odds[odds > 1e-12]
    assert len(support) & (len(support) - 1) == 0
    assert support == pytest.approx(np.full(len(support), 1 / len(support)))


@pytest.mark.parametrize("name", NAMES)
def test_samples_follow_the_exact_distribution(worlds: Worlds, name: str) -> None:
    circuit = circuits()[name]
    packed = loaded(worlds[4].samples.files[f"bits-{NUMBER[name]}.npy"])
    assert packed.shape == (1, 2000, -(-circuit.num_qubits // 8))
    outcomes = sum(packed[0, :, -1 - byte].astype(np.int64) << 8 * byte for byte in range(packed.shape[2]))
    odds = Statevector(circuit).probabilities()
    # outcomes that are expected five times or more, and all the others as one (Cochran's rule)
    expected = odds * 2000
    often = expected >= 5
    observed = np.bincount(outcomes, minlength=len(odds))
    pairs = [*zip(observed[often], expected[often], strict=True)]
    pairs.append((observed[~often].sum(), expected[~often].sum()))
    pairs = [(seen, wanted) for seen, wanted in pairs if wanted > 1e-6]
    assert sum(seen for seen, _ in pairs) == 2000
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in pairs)
    # nine circuits of a fixed seed: one in a hundred thousand would be off by chance
    assert len(pairs) == 1 or statistic < chi2.isf(1e-6, len(pairs) - 1)


@pytest.mark.parametrize("name", NAMES)
def test_exact_values_of_pauli_strings_are_qiskits(worlds: Worlds, name: str) -> None:
    pub = estimated_batch().pubs[NUMBER[name]]
    state = Statevector(circuits()[name])
    wanted = [
        state.expectation_value(SparsePauliOp(list(terms), list(terms.values()))).real
        for terms in pub.observables
    ]
    exact = loaded(worlds[4].estimates.evidence[f"exact-{NUMBER[name]}.npy"])
    assert np.abs(exact - [wanted]).max() < 1e-11


def test_results_are_laid_out_as_the_kinds_of_work_say(worlds: Worlds) -> None:
    samples, estimates = worlds[2].samples.values["pubs"], worlds[2].estimates.values["pubs"]
    assert samples == [
        {"sets": 1, "shots": pub.shots, "bits": circuit.num_qubits}
        for pub, circuit in zip(sampled_batch().pubs, circuits().values(), strict=True)
    ]
    assert [each["observables"] for each in estimates] == [
        len(pub.observables) for pub in estimated_batch().pubs
    ]
