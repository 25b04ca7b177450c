"""Rehearsals: what is compiled, what noise it meets, what is recorded, what it is quoted at."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from math import cos, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qpy
from qiskit.quantum_info import Chi, Kraus, SuperOp

from backends.circuits.calibrations import enabled_pairs, error_per_layered_gate
from backends.ibm_runtime import estimate
from backends.ibm_runtime.backend import IbmRuntimeBackend
from backends.ibm_runtime.calibration import calibration
from backends.ibm_runtime.noise import noise_model, pauli_twirl
from backends.ibm_runtime.settings import IbmSettings
from backends.ibm_runtime.subdevice import device_target, snapshot_backend
from backends.ibm_runtime.transpilation import CalibratedTarget, IsaCircuit, transpile_batch, transpile_pub
from escalation.inputs.settings import ROOT
from escalation.model.calibration import Calibration, GateCalibration, LayerFidelity, QubitCalibration
from escalation.model.identity import digest_bytes
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.result import RawResult
from escalation.ports.configuration import settings

Make = Callable[..., Pub]
Run = Callable[..., RawResult]
SINGLE = {"rz", "sx", "x", "id", "measure", "barrier"}


def frequencies(result: RawResult, width: int, row: int = 0) -> NDArray[np.float64]:
    """Relative frequencies of the outcomes of at most eight qubits."""
    assert result.ok, result.error
    bits = np.load(io.BytesIO(result.files["bits-0.npy"].data))
    counts: NDArray[np.int64] = np.bincount(bits[row, :, 0], minlength=2**width)
    return np.asarray(counts / bits.shape[1], dtype=np.float64)


def test_noise_is_there_and_small(run: Run, pub: Make) -> None:
    # the best chain of three on Boston: errors of gates and readouts sum to about 1 %
    zeros = frequencies(run(pub(3, [0.0], shots=8192)), 3)[0]
    assert 0.97 < zeros < 0.9999


def test_the_same_seed_gives_the_same_samples(run: Run, pub: Make, boston: IbmRuntimeBackend) -> None:
    first, other = run(pub(4, [0.4, 1.1]), seed=5), run(pub(4, [0.4, 1.1]), seed=6)
    code = (
        "import sys, json; from backends.circuits.jobs import read_job;"
        "from backends.ibm_runtime.run import sample;"
        "from pathlib import Path; from escalation.model.report import Report;"
        "job = read_job(Path(sys.argv[1]));"
        "r = sample(job.work, job.context, Report());"
        "print(json.dumps([r.digest, [c['isa'] for c in r.provenance['circuits']]]))"
    )
    folder = next(f for f in boston._folders if json.loads((f / "job.json").read_text())["work"]["seed"] == 5)
    said = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    digest, isa = json.loads(said.stdout.splitlines()[-1])
    assert digest == first.digest != other.digest
    assert isa == [circuit["isa"] for circuit in first.provenance["circuits"]]


def test_the_record_shows_what_the_device_would_get(run: Run, pub: Make, boston: IbmRuntimeBackend) -> None:
    result = run(pub(4, [0.3]), twirling=True, dynamical_decoupling="XY4")
    found = boston.calibration()
    assert found is not None
    assert result.provenance["calibration"] == found.digest == result.evidence["calibration.json"].digest
    circuit = result.provenance["circuits"][0]
    assert circuit["isa"] == result.evidence["isa-0.qasm"].digest
    loaded = qpy.load(io.BytesIO(result.evidence["isa-0.qpy"].data))[0]
    assert loaded.num_qubits == 156
    text = result.evidence["isa-0.qasm"].data.decode()
    assert all(f"${qubit}" in text for qubit in circuit["physical_qubits"])
    assert "Pauli twirls" in result.provenance["options"]["twirling"]["applied"]
    assert result.provenance["options"]["dynamical_decoupling"]["applied"] is None
    assert "no effect" in result.provenance["options"]["dynamical_decoupling"]["note"]
    assert {"samplomatic", "qiskit-mitigation", "ibm-quantum-schemas"} <= set(result.provenance["versions"])
    assert (result.usage.qpu_s, result.usage.usd) == (0.0, 0.0)


def test_a_wide_twirled_circuit_is_sampled_from_drawn_errors(run: Run, pub: Make) -> None:
    result = run(pub(11, [0.0, 3.14159265], shots=48), twirling=True)
    assert result.ok, result.error
    circuit = result.provenance["circuits"][0]
    assert (circuit["simulator_method"], circuit["shots_a_noise_realisation"]) == ("statevector", 16)
    bits = np.load(io.BytesIO(result.files["bits-0.npy"].data))
    assert bits.shape == (2, 48, 2)
    # the first set leaves all at 0; of the second, ones through a chain of CX alternate from bit 0 on
    ones = np.unpackbits(bits, axis=2)[:, :, ::-1][:, :, :11].mean(axis=1)
    assert (ones[0] < 0.5).all()
    assert ((ones[1] > 0.5) == np.array([1, 0] * 5 + [1], dtype=bool)).all()


def entangling(isa: IsaCircuit) -> list[tuple[int, ...]]:
    where = [tuple(isa.circuit.find_bit(q).index for q in i.qubits) for i in isa.circuit.data]
    return [w for w, i in zip(where, isa.circuit.data, strict=True) if len(w) == 2 and i.name != "barrier"]


@pytest.mark.parametrize("device", ["fake_boston", "fake_marrakesh", "fake_brisbane"])
@pytest.mark.parametrize("ring", [False, True])
def test_isa_circuits_use_native_gates_on_enabled_pairs_only(pub: Make, device: str, ring: bool) -> None:
    made = pub(6, [0.3])
    text = made.qasm3.replace("c = measure", "cx q[5], q[0];\nc = measure") if ring else made.qasm3
    isa = transpile_pub(device, Pub(text, made.parameters, ("a",), 10), 2, 7)
    native = SINGLE | ({"ecr"} if device == "fake_brisbane" else {"cz"})
    assert set(isa.circuit.count_ops()) <= native
    assert entangling(isa)
    assert set(entangling(isa)) <= set(enabled_pairs(calibration(device)))
    if not ring:
        assert len(entangling(isa)) == 5  # one a CX: no SWAP
        assert len(isa.qubits) == 6


@pytest.mark.parametrize("device", ["fake_fez", "fake_pittsburgh", "fake_cusco"])
def test_disabled_gates_are_not_in_the_target(device: str) -> None:
    disabled = [g.qubits for g in calibration(device).gates if g.error == 1.0 and len(g.qubits) == 2]
    assert disabled
    target = device_target(device)
    name = "cz" if "cz" in target.operation_names else "ecr"
    assert not set(disabled) & set(target[name])


def test_a_control_without_entanglement_gets_the_same_qubits(pub: Make) -> None:
    entangled, control = (transpile_pub("fake_boston", pub(8, [0.3], gate=g), 2, 7) for g in ("cx", ""))
    assert entangled.qubits == control.qubits
    assert entangled.measured == control.measured
    assert control.entanglers == ()


def test_circuits_without_entanglement_are_read_where_their_batch_is(pub: Make) -> None:
    # a star is no line: Qiskit places it, and the best chain of four is elsewhere
    made = pub(4, [0.3], gate="")
    star = "".join(f"cx q[0], q[{k}];\n" for k in (1, 2, 3)) + "c = measure"
    tied = Pub(made.qasm3.replace("c = measure", star), made.parameters, ("a",), 10)
    place = CalibratedTarget.snapshot("fake_boston")
    alone, plain, entangled = (
        *transpile_batch(place, (made,), 2, 7),
        *transpile_batch(place, (made, tied), 2, 7),
    )
    assert plain.measured == entangled.measured != alone.measured
    assert plain.entanglers == ()


def test_the_small_circuit_is_the_big_one_relabelled(pub: Make) -> None:
    isa = transpile_pub("fake_boston", pub(5, [0.3]), 2, 7)
    big = [(i.name, i.params, [isa.circuit.find_bit(q).index for q in i.qubits]) for i in isa.circuit.data]
    small = [
        (i.name, i.params, [isa.qubits[isa.small.find_bit(q).index] for q in i.qubits])
        for i in isa.small.data
    ]
    assert [one for one in big if one[0] != "barrier"] == [one for one in small if one[0] != "barrier"]


def test_the_cut_device_agrees_with_the_clients_local_mode_on_all_156_qubits(run: Run, pub: Make) -> None:
    from qiskit_ibm_runtime.executor_sampler import Sampler

    shots, made = 8192, pub(4, [1.1], shots=8192)
    ours = frequencies(run(made), 4)
    isa = transpile_pub("fake_boston", made, 2, 7).circuit
    client = Sampler(mode=snapshot_backend("fake_boston"), options={"simulator": {"seed_simulator": 3}})
    counts = client.run([(isa, [[1.1]], shots)]).result()[0].data.c.get_int_counts()
    theirs = np.array([counts.get(outcome, 0) for outcome in range(16)]) / shots
    # five standard deviations of the difference of two such frequencies, and one count
    allowed = 5 * np.sqrt((ours * (1 - ours) + theirs * (1 - theirs)) / shots) + 1 / shots
    assert (np.abs(ours - theirs) < allowed).all()


def test_noise_of_the_cut_device_is_the_calibrations(pub: Make) -> None:
    # Aer puts 1 - (average gate fidelity of the channel) equal to the reported gate error
    qubits = transpile_pub("fake_boston", pub(3, [0.3]), 2, 7).qubits
    model, pairs = noise_model("fake_boston", qubits, False), enabled_pairs(calibration("fake_boston"))
    found = {
        tuple(qubits[q] for q in where): error for where, error in model._local_quantum_errors["cz"].items()
    }
    assert found
    for where, error in found.items():
        process = np.trace(SuperOp(error).data).real / 16
        assert 1 - (4 * process + 1) / 5 == pytest.approx(pairs[where[0], where[1]], rel=1e-3)


def test_a_twirled_channel_is_the_average_over_paulis() -> None:
    # slow twin: conjugate a relaxation channel by all 16 Paulis and average
    from qiskit.quantum_info import pauli_basis
    from qiskit_aer.noise import QuantumError, thermal_relaxation_error

    one = thermal_relaxation_error(50e-6, 30e-6, 5e-6)
    error: QuantumError = one.expand(thermal_relaxation_error(80e-6, 90e-6, 5e-6))
    paulis = [SuperOp(Kraus(p.to_matrix())) for p in pauli_basis(2)]
    average = sum((p.dot(SuperOp(error)).dot(p)).data for p in paulis) / 16
    assert SuperOp(pauli_twirl(error)).data == pytest.approx(average, abs=1e-9)
    assert np.count_nonzero(np.abs(Chi(SuperOp(average)).data) > 1e-9) == 16


def bell_device() -> Calibration:
    return Calibration(
        device="fake_boston",
        num_qubits=156,
        qubits=tuple(QubitCalibration(qubit=q, readout_error=0.01) for q in range(156)),
        gates=tuple(
            GateCalibration(gate=name, qubits=gate.qubits, error=0.002, duration_s=seconds)
            for gate in calibration("fake_boston").gates
            for name, seconds in (("cz", 70e-9), ("sx", 30e-9), ("x", 30e-9), ("measure", 1e-6), ("rz", 0.0))
            if name == gate.gate
        ),
        layer_fidelity=(LayerFidelity(qubits=3, fidelity=0.81), LayerFidelity(qubits=5, fidelity=0.5)),
        repetition_delay_s=250e-6,
    )


def bell() -> IsaCircuit:
    circuit = QuantumCircuit(156, 2)
    circuit.sx(14)
    circuit.cz(14, 15)
    circuit.measure([14, 15], [0, 1])
    from backends.circuits.size import entanglers

    return IsaCircuit(circuit, (14, 15), tuple(entanglers(circuit)), 2.0)


def test_fidelity_time_and_length_follow_the_documented_formulas() -> None:
    found, isa = bell_device(), bell()
    # EPLG = 1 - 0.81^(1/2) = 0.1; one gate, two readouts
    assert error_per_layered_gate(found, 2) == pytest.approx(0.1)
    assert estimate.expected_fidelity(found, isa) == pytest.approx(0.9 * 0.99**2)
    without = found.model_copy(update={"layer_fidelity": ()})
    assert estimate.expected_fidelity(without, isa) == pytest.approx(0.998 * 0.99**2)
    assert (estimate.fidelity_source(found), estimate.fidelity_source(without)) == (
        "layer fidelity",
        "gate errors",
    )
    assert estimate.length_s(found, isa) == pytest.approx(30e-9 + 70e-9 + 1e-6)
    # two sub-jobs, 1,000 and 500 executions: 4 s + 1.5 × (250 µs × 1,000 + 1.1 ms)
    assert estimate.qpu_s(found, [(1.1e-6, 1000), (1.1e-6, 500)]) == pytest.approx(4 + 0.375 + 1.65e-3)
    assert estimate.qpu_s(found.model_copy(update={"repetition_delay_s": None}), [(0.0, 1)]) is None


def test_an_unreported_error_makes_the_fidelity_unknown() -> None:
    dumb = tuple(QubitCalibration(qubit=q) for q in range(156))
    assert estimate.expected_fidelity(bell_device().model_copy(update={"qubits": dumb}), bell()) is None


def test_a_quote_charges_nothing_and_the_hardware_estimate_does(boston: IbmRuntimeBackend, pub: Make) -> None:
    work = CircuitBatch((pub(3, [0.1, 0.2], shots=1000), pub(3, [0.1], shots=1000)))
    quote, hardware = boston.estimate(work), boston.hardware_estimate(work)
    assert (quote.circuits, quote.shots, quote.qubits, quote.two_qubit_gates) == (3, 3000, 3, 2)
    assert (quote.amounts.qpu_s, quote.amounts.usd) == (0.0, 0.0)
    # two sub-jobs of 2 s and 3,000 repetitions of 250 µs, and circuits of a few µs
    assert hardware.amounts.qpu_s == pytest.approx(4.75, abs=0.03)
    assert hardware.amounts.usd is None
    priced = IbmRuntimeBackend(settings().having(IbmSettings(usd_per_qpu_s=1.6)))
    try:
        assert priced.hardware_estimate(work).amounts.usd == pytest.approx(
            1.6 * (hardware.amounts.qpu_s or 0)
        )
    finally:
        priced.close()


def test_too_wide_a_circuit_is_one_clear_line(run: Run, pub: Make) -> None:
    result = run(pub(157, [0.1]))
    assert result.state is JobState.FAILED
    assert result.error == "expected at most the 156 qubits of fake_boston, got 157"


def test_readout_errors_and_gates_move_a_single_qubit_as_the_calibration_says(run: Run, pub: Make) -> None:
    # P(0) = 1/2 + cos(a)/2 · (1 - 2r), but for the error of two sx gates (about 1e-4); five sigma
    shots, angle = 20000, 0.8
    result = run(pub(1, [angle], shots=shots))
    qubit = result.provenance["circuits"][0]["physical_qubits"][0]
    readout = calibration("fake_boston").qubits[qubit].readout_error
    assert readout is not None
    expected = 0.5 + cos(angle) / 2 * (1 - 2 * readout)
    assert frequencies(result, 1)[0] == pytest.approx(expected, abs=5 * sqrt(0.25 / shots) + 1e-3)


def test_calibration_evidence_is_what_the_digest_says(run: Run, pub: Make) -> None:
    data = run(pub(1, [0.1], shots=10)).evidence["calibration.json"].data
    assert Calibration.model_validate_json(data).digest == digest_bytes(data)
