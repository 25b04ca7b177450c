"""Expectation values through the hand-off: frozen by the client's estimator, decoded from what was kept."""

import io
import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.ibm_runtime.service import ServiceBackend
from escalation.inputs.settings import ROOT
from escalation.model.blob import Blob
from escalation.model.errors import BackendError
from escalation.model.identity import canonical_json, digest_json
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Unreadable
from escalation.testing.works import sample

TAG = "tierwise:estimates"
Finish = Callable[[ServiceBackend, str], RemoteJob]
CarryOut = Callable[[Any], RawResult]
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
GHZ = HEAD + "qubit[3] q;\nh q[0];\ncx q[0], q[1];\ncx q[1], q[2];\n"
RY = HEAD + "input float[64] theta;\nqubit[1] q;\nry(theta) q[0];\n"


def npy(values: Any) -> Blob:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values, dtype=np.float64))
    return Blob(stream.getvalue())


def ghz(precision: float = 0.125, sets: int = 1) -> EstimatorPub:
    observables = ({"XXX": 1.0}, {"ZZI": 0.5, "IZZ": 0.5}, {"YYX": 1.0}, {"ZII": 1.0})
    return EstimatorPub(GHZ, npy(np.zeros((sets, 0))), (), observables, precision)


def loaded(result: RawResult, name: str) -> Any:
    return np.load(io.BytesIO(result.files[name].data))


Ended = tuple[ExpectationBatch, Payload, RemoteJob, bytes]


@pytest.fixture
def ended(device: ServiceBackend, finish: Finish) -> Ended:
    work = ExpectationBatch((ghz(),), seed=7)
    payload = device.freeze(work, TAG, device.price(work))
    job = finish(device, device.send(payload, device.open_batch()).job_id)
    return work, payload, job, device.fetch(job)


@pytest.mark.parametrize("twirling", [False, True])
def test_values_by_hand_come_back_from_a_perfect_device(carry_out: CarryOut, twirling: bool) -> None:
    angles = [0.0, 0.7, math.pi]
    cosine = EstimatorPub(RY, npy([[a] for a in angles]), ("theta",), ({"Z": 1.0}, {"X": 2.0}), 0.125)
    result = carry_out(ExpectationBatch((ghz(sets=2), cosine), {"twirling": twirling}, seed=7))
    exact = [[1.0, 1.0, -1.0, 0.0]] * 2
    assert np.abs(loaded(result, "evs-0.npy") - exact).max() < 5 * 0.125
    assert np.allclose(loaded(result, "evs-0.npy")[:, :3], np.array(exact)[:, :3])  # no variance at all
    expected = [[math.cos(a), 2 * math.sin(a)] for a in angles]
    assert (np.abs(loaded(result, "evs-1.npy") - expected) < [5 * 0.125, 10 * 0.125]).all()
    assert [each["observables"] for each in result.values["pubs"]] == [4, 2]
    assert loaded(result, "stds-1.npy").shape == (3, 2)


def test_the_record_says_what_was_sent_to_be_observed_and_by_which_versions(
    ended: Ended, device: ServiceBackend
) -> None:
    work, payload, job, raw = ended
    result = device.read(work, payload, job, raw)
    about = result.provenance
    assert about["circuits"][0]["isa"] == payload.isa[0]
    frozen = json.loads(payload.body.data)["params"]["quantum_program"]["passthrough_data"]
    observables = frozen["qiskit_mitigation"][0]["observables"]
    assert about["circuits"][0]["observables"] == digest_json(observables)
    letters = [sorted("".join(sorted(each.replace("I", ""))) for each in one) for one in observables]
    assert letters == [["XXX"], ["ZZ", "ZZ"], ["XYY"], ["Z"]]
    assert len(about["circuits"][0]["bases"]) == 3
    assert about["options"]["estimator"]["options"]["resilience"]["measure_mitigation"] is False
    for package in ("samplomatic", "qiskit-mitigation", "ibm-quantum-schemas", "qiskit-ibm-runtime"):
        assert about["versions"][package] not in ("", "absent")


SCRIPT = """
import json, pickle, sys
from escalation.model.calibration import DeviceKind
from backends.ibm_runtime.results import decode_result
work, payload, job, raw = pickle.load(open(sys.argv[1], "rb"))
print(decode_result(work, payload, job, raw, DeviceKind.PRACTICE).digest)
"""


def test_another_process_decodes_the_same_from_what_was_kept(
    ended: Ended, device: ServiceBackend, tmp_path: Path
) -> None:
    work, payload, job, raw = ended
    kept = tmp_path / "kept"
    thawed = Payload.from_frozen(payload.body, payload.describe())
    kept.write_bytes(pickle.dumps((work, thawed, job, raw)))
    command = [sys.executable, "-c", SCRIPT, str(kept)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.strip() == device.read(work, payload, job, raw).digest


def test_what_is_observed_is_read_from_the_request_whatever_the_service_says(
    ended: Ended, device: ServiceBackend
) -> None:
    work, payload, job, raw = ended
    said = json.loads(raw)
    task = said["passthrough_data"]["qiskit_mitigation"][0]
    task["observables"] = [
        {label: 7 * weight for label, weight in one.items()} for one in task["observables"]
    ]
    changed = {**said, "semantic_role": "sampler_v2"}
    assert device.read(work, payload, job, canonical_json(changed)).digest == (
        device.read(work, payload, job, raw).digest
    )


def spoilt(said: dict[str, Any], what: str) -> dict[str, Any]:
    if what == "an item less":
        said["data"] = []
    elif what == "an item more":
        said["data"] = said["data"] * 2
    else:
        said["data"][0]["results"]["_meas"]["shape"][2] -= 1
    return said


@pytest.mark.parametrize("what", ["an item less", "an item more", "a shot less"])
def test_a_result_of_other_executions_is_unreadable(ended: Ended, device: ServiceBackend, what: str) -> None:
    work, payload, job, raw = ended
    with pytest.raises(Unreadable) as caught:
        device.read(work, payload, job, canonical_json(spoilt(json.loads(raw), what)))
    assert "\n" not in str(caught.value)


def test_a_result_of_other_work_is_unreadable(ended: Ended, device: ServiceBackend) -> None:
    _, payload, job, raw = ended
    one = EstimatorPub(GHZ, npy(np.zeros((1, 0))), (), ({"XXX": 1.0},), 0.125)
    for other in ((one,), (ghz(), ghz())):
        with pytest.raises(Unreadable, match=r"of this work|lacks circuits"):
            device.read(ExpectationBatch(other), payload, job, raw)


def test_price_and_payload_count_every_basis(device: ServiceBackend) -> None:
    # three bases (XXX, YYX, ZZZ) of 1 / 0.125² = 64 shots each
    work = ExpectationBatch((ghz(),), seed=7)
    quote, price = device.estimate(work), device.price(work)
    assert (quote.circuits, quote.shots) == (3, 192)
    # 2 s and 192 executions of a delay of 250 µs and a circuit of some microseconds
    assert price.expected.qpu_s == pytest.approx(2 + 192 * 250e-6, rel=0.01)
    payload = device.freeze(work, TAG, price)
    assert (payload.circuits, payload.shots) == (3, 192)


def test_what_the_client_would_measure_otherwise_than_priced_is_not_sent(
    device: ServiceBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(observables: Sequence[Any]) -> int:
        return 2

    monkeypatch.setattr("backends.ibm_runtime.payload._bases", two)
    work = ExpectationBatch((ghz(),), seed=7)
    with pytest.raises(BackendError, match=r"of 1 circuits in \[2\] executions.* in \[3\]"):
        device.freeze(work, TAG, device.price(work))


def test_what_the_client_takes_in_one_job_only_together_is_refused(device: ServiceBackend) -> None:
    with pytest.raises(BackendError, match=r"the same shots for all pubs of a job, got \[25, 100\]"):
        device.price(ExpectationBatch((ghz(0.1), ghz(0.2))))
    with pytest.raises(BackendError, match="on the 2 qubits of the circuit, got Pauli strings of 3 letters"):
        device.price(sample("expectation_batch").bad)
