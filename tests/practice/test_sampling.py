"""Samples against independent sources: hand values, and Aer on the whole at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import DensityMatrix, SuperOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_ibm_runtime.fake_provider import FakeBoston, backends

from practice.bench import SimulationBench
from practice.devices import measured
from practice.errors import UnusableJob
from practice.noise import JobPlace, coherence_s, noise_model
from practice.sampling import SimulationCost, parts, sample, sliced
from practice.timing import length_s

SHOTS = 20_000
FIVE_SIGMA = 5 * np.sqrt(0.25 / SHOTS)
IDEAL = JobPlace("practice_boston", 1.0, False, seed=5, max_qubits=4, delay_s=250e-6)
NOISY = JobPlace("practice_boston", 1.0, True, seed=5, max_qubits=4, delay_s=250e-6)
NO_PARAMETERS = np.zeros((0,))


def wide(*, measured: int) -> QuantumCircuit:
    """A circuit over all of practice_boston."""
    return QuantumCircuit(156, measured)


def fraction(bits: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    return float(bits.mean())


def test_parts_are_what_gates_couple() -> None:
    circuit = wide(measured=0)
    circuit.cz(3, 4)
    circuit.cz(4, 5)
    circuit.x(8)
    circuit.barrier()
    circuit.cz(20, 21)
    assert sorted(parts(circuit)) == [(3, 4, 5), (8,), (20, 21)]


def test_a_bell_pair_far_from_qubit_zero_is_correlated() -> None:
    circuit = wide(measured=2)
    circuit.rz(np.pi / 2, 101)
    circuit.sx(101)
    circuit.rz(np.pi / 2, 101)  # these three are a Hadamard gate
    circuit.cx(101, 102)
    circuit.measure([101, 102], [0, 1])
    bits = sample(circuit, NO_PARAMETERS, SHOTS, IDEAL)["c"]
    assert bits.shape == (SHOTS, 2)
    assert (bits[:, 0] == bits[:, 1]).all()
    assert fraction(bits[:, 0]) == pytest.approx(0.5, abs=FIVE_SIGMA)


def test_lone_qubits_follow_their_angles() -> None:
    angle, circuit = Parameter("a"), wide(measured=2)
    for qubit, clbit in ((7, 0), (90, 1)):
        # rz(pi/2) sx rz(a + pi) sx rz(pi/2) turns |0> so that 1 is read with chance sin(a/2)^2
        for gate in (np.pi / 2, None, angle + np.pi, None, 5 * np.pi / 2):
            circuit.sx(qubit) if gate is None else circuit.rz(gate, qubit)
        circuit.measure(qubit, clbit)
    angles = np.array([0.0, 0.4, np.pi / 2, np.pi])
    bits = sample(circuit, angles[:, None], SHOTS, IDEAL)["c"]
    assert bits.shape == (4, SHOTS, 2)
    expected = np.sin(angles / 2) ** 2
    assert np.allclose(bits.mean(axis=1), expected[:, None], atol=FIVE_SIGMA)
    assert not (bits[1, :, 0] == bits[1, :, 1]).all()  # each qubit has chances of its own


@pytest.fixture(scope="module")
def twin() -> NoiseModel:
    """Aer's model of the whole device from another source: the target of the client's own local mode."""
    return NoiseModel.from_backend(FakeBoston())


def flips(qubit: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Chances to read the second index where a qubit is in the first, from the file that IBM ships."""
    folder = Path(backends.__file__).parent / "boston" / "props_boston.json"
    items = {item["name"]: item["value"] for item in json.loads(folder.read_text())["qubits"][qubit]}
    wrong = items["prob_meas1_prep0"], items["prob_meas0_prep1"]
    return np.array([[1 - wrong[0], wrong[0]], [wrong[1], 1 - wrong[1]]])


def test_noise_on_a_lone_qubit_is_that_of_aer(twin: NoiseModel) -> None:
    circuit = QuantumCircuit(1)
    for _ in range(40):
        circuit.sx(0)
        circuit.rz(0.3, 0)
    circuit.x(0)
    state = DensityMatrix.from_label("0")
    for each in circuit.data:
        state = state.evolve(each.operation)
        error = twin._local_quantum_errors.get(each.operation.name, {}).get((17,))
        state = state if error is None else state.evolve(SuperOp(error))
    circuit.delay(10_000, 0, unit="dt")
    # 10,000 steps of 4 ns: what is excited decays with T1
    t1_s = FakeBoston().target.qubit_properties[17].t1
    one = float(state.probabilities()[1]) * np.exp(-40e-6 / t1_s)
    large = wide(measured=1)
    for each in circuit.data:
        large.append(each.operation, [17])
    large.measure(17, 0)
    expected = float((np.array([1 - one, one]) @ flips(17))[1])
    assert fraction(sample(large, NO_PARAMETERS, SHOTS, NOISY)["c"]) == pytest.approx(
        expected, abs=FIVE_SIGMA
    )


def test_noise_on_a_coupled_pair_is_that_of_aer(twin: NoiseModel) -> None:
    circuit = QuantumCircuit(2)
    circuit.sx(0)
    for _ in range(31):
        circuit.cz(0, 1)
        circuit.sx(1)
    large = wide(measured=2)
    for each in circuit.data:
        large.append(each.operation, [circuit.find_bit(qubit).index for qubit in each.qubits])
    large.measure((0, 1), [0, 1])
    bits = sample(large, NO_PARAMETERS, SHOTS, NOISY)["c"]
    circuit.save_density_matrix()
    simulator = AerSimulator(method="density_matrix", noise_model=twin)
    matrix = DensityMatrix(simulator.run(circuit, shots=1).result().data()["density_matrix"])
    expected = matrix.probabilities() @ np.kron(flips(1), flips(0))
    for number, text in enumerate(("00", "01", "10", "11")):
        mine = fraction((bits == [text[1] == "1", text[0] == "1"]).all(axis=1))
        assert mine == pytest.approx(expected[number], abs=FIVE_SIGMA)


def test_drift_multiplies_errors_of_the_simulation_and_leaves_the_snapshot() -> None:
    readout = [
        noise_model("practice_boston", (17,), factor)._local_readout_errors[(0,)] for factor in (1.0, 3.0)
    ]
    wrong = [each.probabilities[0, 1] for each in readout]
    assert wrong[1] == pytest.approx(3 * wrong[0])
    assert wrong[0] == pytest.approx(flips(17)[0, 1])
    before, after = (coherence_s("practice_boston", 17, factor) for factor in (1.0, 2.0))
    assert before is not None
    assert after == pytest.approx(tuple(each / 2 for each in before))
    assert before[0] == pytest.approx(FakeBoston().target.qubit_properties[17].t1)


def test_a_circuit_takes_as_long_as_its_slowest_path() -> None:
    circuit = wide(measured=1)
    circuit.sx(0)
    circuit.rz(0.5, 0)
    circuit.cz(0, 1)
    circuit.delay(250, 2, unit="dt")
    circuit.barrier(1, 2)
    circuit.sx(1)
    circuit.measure(1, 0)
    # boston: sx 32 ns, rz 0, cz 68 ns; 250 steps of 4 ns end last, after them sx and the readout
    readout_ns = next(
        item["value"]
        for gate in measured("practice_boston", 1.0)["gates"]
        if (gate["gate"], gate["qubits"]) == ("measure", [1])
        for item in gate["parameters"]
        if item["name"] == "gate_length"
    )
    assert length_s(circuit, "practice_boston") == pytest.approx((1000 + 32 + readout_ns) * 1e-9)


def test_what_the_device_has_no_length_for_is_refused() -> None:
    circuit = wide(measured=0)
    circuit.ccx(0, 1, 2)
    with pytest.raises(UnusableJob, match=r"got ccx on \[0, 1, 2\]"):
        length_s(circuit, "practice_boston")


def test_the_charge_is_two_seconds_a_circuit_and_its_executions() -> None:
    bench, circuit = SimulationBench(IDEAL), wide(measured=1)
    circuit.delay(1e-3, 3, unit="s")
    circuit.measure(3, 0)
    bench.count(circuit, 1000)
    bench.count(circuit, 1000)
    # 2 x (2 s + (250 us + 1 ms + readout) x 1,000); a Heron reads out in a few us
    assert bench.executions == 2000
    assert bench.seconds == pytest.approx(2 * (2 + 1.25), abs=0.02)


@pytest.mark.parametrize(
    ("shape", "cost", "sets", "shots"),
    [
        ((100, 10), SimulationCost(0.05, 0.0), 10, 1),  # 10 sets of 0.05 s fill half a second
        ((3, 1000), SimulationCost(0.0, 0.001), 3, 2),  # a set of 1 s is cut in two
        ((3, 1000), SimulationCost(2.0, 1e-6), 3, 1),  # cutting would repeat the 2 s
    ],
)
def test_long_simulations_are_cut_into_slices_of_half_a_second(
    shape: tuple[int, int], cost: SimulationCost, sets: int, shots: int
) -> None:
    of_sets, of_shots = sliced(shape, cost)
    assert (len(of_sets), len(of_shots)) == (sets, shots)
    for slices, total in ((of_sets, shape[0]), (of_shots, shape[1])):
        assert [index for each in slices for index in range(each.start, each.stop)] == list(range(total))


def test_what_would_take_too_long_is_refused() -> None:
    with pytest.raises(UnusableJob, match="3600 s at most; this needs about 10000 s"):
        sliced((10, 100), SimulationCost(0.0, 10.0))


def test_slices_together_are_the_whole() -> None:
    circuit, angle = wide(measured=2), Parameter("a")
    circuit.rz(np.pi / 2, 0)
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    turns = np.linspace(0, np.pi, 60)
    bits = sample(circuit, turns[:, None], 10_000, IDEAL)["c"]
    # sx rz(a) sx on |0>: 1 is read with chance cos(a/2)^2; the first rz is but a phase
    assert np.allclose(bits[..., 0].mean(axis=1), np.cos(turns / 2) ** 2, atol=5 * np.sqrt(0.25 / 10_000))
    assert (bits[..., 0] == bits[..., 1]).all()
