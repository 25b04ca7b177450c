"""Expectation values on calibrated rehearsals: on the device's qubits, under its noise, reproducible."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from backends.ibm_runtime.backend import IbmRuntimeBackend
from backends.ibm_runtime.transpilation import CalibratedTarget, transpile_batch
from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.result import RawResult

DEVICE = "fake_boston"
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
TURNED = HEAD + "input float[64] theta;\nqubit[1] q;\nh q[0];\nrz(theta) q[0];\n"
ROUTED = (
    HEAD
    + "qubit[4] q;\n"
    + "".join(
        f"h q[{a}];\ncx q[{a}], q[{b}];\nrz(0.3) q[{b}];\n" for a in range(4) for b in range(4) if a != b
    )
)


def npy(values: Any) -> Blob:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values, dtype=np.float64))
    return Blob(stream.getvalue())


def ghz(qubits: int) -> str:
    entangled = "".join(f"cx q[{k}], q[{k + 1}];\n" for k in range(qubits - 1))
    return f"{HEAD}qubit[{qubits}] q;\nh q[0];\n{entangled}"


def evs(result: RawResult, name: str = "evs-0.npy") -> Any:
    assert result.ok, result.error
    return np.load(io.BytesIO(result.files[name].data))


@pytest.fixture
def rehearse(boston: IbmRuntimeBackend, tmp_path: Path) -> Callable[..., RawResult]:
    def rehearse_(*pubs: EstimatorPub, seed: int = 1, **options: Any) -> RawResult:
        work = ExpectationBatch(pubs, options, seed)
        handle = boston.submit(work, tmp_path / f"{work.digest[:8]}-{len(list(tmp_path.iterdir()))}")
        assert boston.wait(handle, 200).state.final
        return boston.result(handle)

    return rehearse_


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_observables_go_to_the_qubits_that_qiskit_says(level: int) -> None:
    terms = {"XYZI": 0.5, "IIZX": -1.0, "ZIII": 2.0}
    pub = EstimatorPub(ROUTED, npy(np.zeros((1, 0))), (), (terms,), 0.1)
    isa = transpile_batch(CalibratedTarget.snapshot(DEVICE), [pub], level, seed=5)[0]
    expected = SparsePauliOp.from_list(list(terms.items())).apply_layout(isa.circuit.layout)
    assert isa.observable(terms) == {label: weight.real for label, weight in expected.to_list()}


@pytest.mark.parametrize("level", [0, 3])
def test_what_only_other_bases_see_is_not_optimised_away(
    rehearse: Callable[..., RawResult], level: int
) -> None:
    # H and a turn by t about Z: ⟨X⟩ = cos t, ⟨Y⟩ = sin t, ⟨Z⟩ = 0
    angles = [0.0, 0.4, math.pi / 2, 2.5]
    observables = ({"X": 1.0}, {"Y": 1.0}, {"Z": 1.0})
    pub = EstimatorPub(TURNED, npy([[t] for t in angles]), ("theta",), observables, 1 / 64)
    expected = [[math.cos(t), math.sin(t), 0.0] for t in angles]
    assert np.abs(evs(rehearse(pub, optimization_level=level)) - expected).max() < 5 / 64 + 0.05


@pytest.mark.parametrize(("qubits", "twirling"), [(3, False), (3, True), (11, True)])
def test_a_ghz_state_has_its_correlations_under_noise_however_it_is_simulated(
    rehearse: Callable[..., RawResult], qubits: int, twirling: bool
) -> None:
    observables = ({"X" * qubits: 1.0}, {"ZZ" + "I" * (qubits - 2): 1.0}, {"Z" + "I" * (qubits - 1): 1.0})
    pub = EstimatorPub(ghz(qubits), npy(np.zeros((1, 0))), (), observables, 1 / 16)
    result = rehearse(pub, twirling=twirling)
    x, zz, z = evs(result)[0]
    assert x > 0.5
    assert zz > 0.8
    assert abs(z) < 5 / 16
    assert rehearse(pub, twirling=twirling).digest == result.digest


def test_the_record_says_which_circuit_ran_and_what_was_observed_on_it(
    rehearse: Callable[..., RawResult],
) -> None:
    pub = EstimatorPub(ghz(2), npy(np.zeros((1, 0))), (), ({"XX": 1.0, "ZZ": 0.5},), 0.25)
    result = rehearse(pub)
    about = result.provenance["circuits"][0]
    assert Blob(result.evidence["isa-0.qasm"].data).digest == about["isa"]
    assert about["bases"] == ["XX", "ZZ"]
    qubits = about["physical_qubits"]
    width = len(json.loads(result.evidence["calibration.json"].data)["qubits"])
    mapped = {
        "".join(letter if width - 1 - k in qubits else "I" for k in range(width)): c
        for letter, c in (("X", 1.0), ("Z", 0.5))
    }
    assert about["observables"] == digest_json([mapped])


def test_a_quote_counts_the_bases(boston: IbmRuntimeBackend) -> None:
    pub = EstimatorPub(TURNED, npy([[0.1], [0.2]]), ("theta",), ({"X": 1.0}, {"Z": 1.0}), 0.1)
    work = ExpectationBatch((pub,))
    quote, hardware = boston.estimate(work), boston.hardware_estimate(work)
    assert (quote.circuits, quote.shots) == (4, 400)  # two sets in two bases, 1 / 0.1² shots each
    assert hardware.shots == 400
    # two seconds, and 400 executions of a repetition delay of 250 µs and a circuit of some microseconds
    assert hardware.amounts.qpu_s == pytest.approx(2 + 400 * 250e-6, rel=0.01)
