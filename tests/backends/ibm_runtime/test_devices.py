"""Names, kinds, calibrations and layouts: everything that needs no qiskit."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.circuits.calibrations import enabled_pairs
from backends.ibm_runtime import snapshots
from backends.ibm_runtime.backend import IbmRuntimeBackend
from backends.ibm_runtime.calibration import build, calibration
from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.devices import DEFAULT, devices, kind_of
from backends.ibm_runtime.layout import as_line, best_chain
from escalation.inputs.settings import ROOT
from escalation.model.calibration import Calibration, DeviceKind, GateCalibration, QubitCalibration
from escalation.model.errors import BadInput
from escalation.model.identity import canonical_json, digest_bytes
from escalation.ports.configuration import settings


def test_kinds_and_summaries_import_nothing_of_qiskit() -> None:
    code = (
        "import json, sys; from escalation.ports.registry import backend_descriptor, resolve;"
        "d, device = backend_descriptor('ibm_runtime:fake_fez'); kind = d.device_kind(device);"
        "n = len(resolve(d.devices)());"
        "print(json.dumps([kind, n, sorted(m for m in sys.modules if m.startswith('qiskit'))]))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    kind, count, imported = json.loads(said.stdout)
    assert kind == "calibrated rehearsal"
    assert count == len(snapshots.names())
    assert imported == []


def test_a_name_tells_what_a_device_is() -> None:
    assert kind_of("ibm_torino") is DeviceKind.HARDWARE
    assert kind_of("practice_torino") is DeviceKind.PRACTICE
    assert kind_of("fake_torino") is kind_of(None) is DeviceKind.REHEARSAL
    with pytest.raises(BadInput, match=r"ibm_torino: expected a calibrated rehearsal, one of .*fake_boston"):
        IbmRuntimeBackend(settings(), "ibm_torino")


def test_a_misspelt_rehearsal_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(BadInput, match="'fake_fezz' is unknown; nearest names: fake_fez"):
        DESCRIPTOR.device_kind("fake_fezz")


def test_the_nighthawk_snapshot_and_small_devices_are_left_out() -> None:
    assert {"fake_fez", "fake_marrakesh", "fake_boston"} <= set(snapshots.names())
    assert not {"fake_nighthawk", "fake_manila"} & set(snapshots.names())
    with pytest.raises(BadInput, match="not typical"):
        kind_of("fake_nighthawk")


def test_the_default_is_the_april_2026_snapshot_with_the_best_layer_fidelity() -> None:
    recent = [d for d in devices() if (d.calibrated_at or "").startswith("2026-04")]
    assert len(recent) == 8  # facts: eight from April 2026
    assert max(recent, key=lambda device: device.layer_fidelity or 0.0).name == DEFAULT


# backend: layer fidelity over 100 qubits, median T1 in µs, as computed from the same snapshots independently
# apart from this code
KNOWN = {
    "fake_boston": (0.7610317565867392, 292.0, 0.00128, 0.0051),
    "fake_fez": (0.5729959239403262, 145.0, 0.00377, 0.0076),
    "fake_torino": (0.3637285479989672, 185.0, 0.00408, 0.0229),
}


@pytest.mark.parametrize("name", KNOWN)
def test_summaries_agree_with_an_independent_computation(name: str) -> None:
    found = next(device for device in devices() if device.name == name)
    fidelity, t1_us, two_qubit, readout = KNOWN[name]
    assert found.layer_fidelity == fidelity
    assert found.t1_us == pytest.approx(t1_us, abs=0.6)
    assert found.two_qubit_error == pytest.approx(two_qubit, rel=0.02)
    assert found.readout_error == pytest.approx(readout, rel=0.02)


def test_values_become_si_units_and_disabled_gates_are_masked() -> None:
    configuration = {"n_qubits": 2, "basis_gates": ["cz", "x"], "default_rep_delay": 250.0}
    item = {"date": "", "unit": ""}
    properties = {
        "last_update_date": "2026-04-17T12:00:00+02:00",
        "qubits": [
            [
                item | {"name": "T1", "unit": "us", "value": 100.0},
                item | {"name": "readout_error", "value": 0.01},
            ],
            [item | {"name": "T1", "unit": "us", "value": float("inf")}],
        ],
        "gates": [
            {"gate": "cz", "qubits": [0, 1], "parameters": [item | {"name": "gate_error", "value": 1}]},
            {
                "gate": "x",
                "qubits": [0],
                "parameters": [item | {"name": "gate_length", "unit": "ns", "value": 32}],
            },
            {"gate": "unknown", "qubits": [0], "parameters": []},
        ],
        "general": [item | {"name": "lf_4", "value": 0.99}, item | {"name": "lf_x", "value": 1}],
    }
    found = build("d", configuration, properties)
    assert found.calibrated_at == datetime(2026, 4, 17, 10, tzinfo=UTC)
    assert found.qubits[0].t1_s == pytest.approx(1e-4)
    assert found.qubits[0].readout_error == 0.01
    assert found.qubits[1].t1_s is None
    assert [gate.gate for gate in found.gates] == ["cz", "x"]
    assert found.gates[1].duration_s == pytest.approx(32e-9)
    assert found.repetition_delay_s == pytest.approx(250e-6)
    assert [(layer.qubits, layer.fidelity) for layer in found.layer_fidelity] == [(4, 0.99)]
    assert enabled_pairs(found) == {}


def test_a_calibration_is_addressed_by_its_content() -> None:
    found = calibration("fake_fez")
    assert found.digest == digest_bytes(canonical_json(found.to_json()))
    assert Calibration.model_validate(found.to_json()).digest == found.digest


def device(errors: dict[tuple[int, int], float], readout: list[float]) -> Calibration:
    return Calibration(
        device="d",
        num_qubits=len(readout),
        qubits=tuple(QubitCalibration(qubit=q, readout_error=e) for q, e in enumerate(readout)),
        gates=tuple(GateCalibration(gate="cz", qubits=pair, error=error) for pair, error in errors.items()),
    )


GRID = [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)]
ERRORS = st.lists(st.sampled_from([0.001, 0.01, 0.05, 0.3, 1.0]), min_size=7, max_size=7)
READOUTS = st.lists(st.sampled_from([0.001, 0.02, 0.2, 1.0]), min_size=6, max_size=6)


@given(ERRORS, READOUTS, st.integers(1, 6))
def test_the_best_chain_equals_the_best_of_all_chains(
    errors: list[float], readout: list[float], k: int
) -> None:
    found = device(dict(zip(GRID, errors, strict=True)), readout)
    good = {frozenset(pair): 1 - e for pair, e in zip(GRID, errors, strict=True) if e < 1}

    def fidelity(chain: tuple[int, ...]) -> float:
        value = 1.0
        for qubit in chain:
            value *= 1 - readout[qubit]
        for a, b in pairwise(chain):
            value *= good.get(frozenset((a, b)), 0.0)
        return value

    best = max(map(fidelity, permutations(range(6), k)))
    chain = best_chain(found, k)
    if best == 0.0:
        assert chain is None
    else:
        assert chain is not None
        assert fidelity(chain) == pytest.approx(best)


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_lines_are_recognised_whatever_their_order(order: list[int], kept: list[bool]) -> None:
    pairs = [(a, b) for (a, b), keep in zip(pairwise(order), kept, strict=True) if keep]
    line = as_line(6, pairs)
    assert line is not None
    assert sorted(line) == list(range(6))
    place = {qubit: index for index, qubit in enumerate(line)}
    assert all(abs(place[a] - place[b]) == 1 for a, b in pairs)


def test_rings_and_stars_are_no_lines() -> None:
    assert as_line(3, [(0, 1), (1, 2), (2, 0)]) is None
    assert as_line(4, [(0, 1), (0, 2), (0, 3)]) is None
    assert as_line(5, [(0, 1), (2, 3), (3, 4), (4, 2)]) is None


def test_a_circuit_without_entanglement_keeps_its_order() -> None:
    assert as_line(4, []) == (0, 1, 2, 3)
    assert all(as_line(3, [pair]) is not None for pair in product(range(3), range(3)) if pair[0] != pair[1])
