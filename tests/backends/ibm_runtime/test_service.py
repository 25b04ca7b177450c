"""A device at a practice service, through IBM's own client, over HTTP."""

import base64
import io
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np
import pytest

from backends.ibm_runtime.anonymised import anonymised
from backends.ibm_runtime.backend import IbmRuntimeBackend, open_backend
from backends.ibm_runtime.remote_device import TYPICAL_JOB_S
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import ROOT, Settings
from escalation.model.blob import Blob
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BackendError, BadInput
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import PaidBackend, Unreadable
from escalation.testing.works import sample
from practice import FaultRule, Practice

TAG = "tierwise:test"
Make = Callable[..., Pub]
Finish = Callable[[ServiceBackend, str], RemoteJob]
Ended = Callable[[], RemoteJob]
Open = Callable[..., ServiceBackend]
CarryOut = Callable[[CircuitBatch], RawResult]


def samples(result: RawResult, number: int = 0) -> Any:
    return np.load(io.BytesIO(result.files[f"bits-{number}.npy"].data), allow_pickle=False)


def test_the_name_of_a_device_tells_what_is_opened(practice: Practice) -> None:
    there = Settings().having(IbmSettings(ibm_url=practice.url))
    opened = open_backend(there, "practice_fez")
    assert isinstance(opened, PaidBackend)
    assert (opened.name, opened.kind) == ("ibm_runtime:practice_fez", DeviceKind.PRACTICE)
    real = open_backend(Settings(), "ibm_fez")
    assert isinstance(real, ServiceBackend)
    assert real.kind is DeviceKind.HARDWARE
    assert practice.control.log() == []  # nobody was asked anything
    rehearsal = open_backend(there)
    assert isinstance(rehearsal, IbmRuntimeBackend)
    rehearsal.close()


def test_a_device_at_the_wrong_service_is_one_clear_line(practice: Practice) -> None:
    with pytest.raises(
        BadInput, match=r"practice_fez belongs to a practice service on this machine: .* got none"
    ):
        open_backend(Settings(), "practice_fez")
    with pytest.raises(BadInput, match=r"practice_fez belongs .* got https://cloud\.ibm\.com"):
        open_backend(Settings().having(IbmSettings(ibm_url="https://cloud.ibm.com")), "practice_fez")
    with pytest.raises(
        BadInput, match="ibm_fez is hardware: expected TIERWISE_IBM_URL to be unset, or an https"
    ):
        open_backend(Settings().having(IbmSettings(ibm_url=practice.url)), "ibm_fez")
    with pytest.raises(BadInput, match="ibm_fez is hardware"):
        open_backend(Settings().having(IbmSettings(ibm_url="http://quantum.example.org")), "ibm_fez")


def test_a_device_that_the_service_lacks_is_one_clear_line(open_device: Open, bell: CircuitBatch) -> None:
    with pytest.raises(
        BackendError, match=r"practice_nowhere: expected a device that practice service at .* has "
    ):
        open_device("practice_nowhere").estimate(bell)


def test_a_proxy_of_the_machine_does_not_see_practice(
    open_device: Open, bell: CircuitBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody answers
    device = open_device()
    payload = device.freeze(bell, TAG, device.price(bell))
    assert device.send(payload, device.open_batch()).state is JobState.QUEUED


def test_work_goes_the_whole_way_and_the_counts_are_right(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, finish: Finish, practice: Practice
) -> None:
    assert practice.control.totals()["posts"] == 0  # freezing sends nothing
    batch = device.open_batch()
    sent = device.send(frozen, batch)
    assert (sent.state, sent.batch, sent.tags) == (JobState.QUEUED, batch, (TAG,))
    job = finish(device, sent.job_id)
    assert (job.state, job.batch, job.tags) == (JobState.DONE, batch, (TAG,))
    result = device.read(bell, frozen, job, device.fetch(job))
    assert result.values == {"pubs": [{"sets": 3, "shots": 500, "bits": 2}]}
    bits = samples(result)
    assert (bits.shape, bits.dtype) == ((3, 500, 1), np.uint8)
    for row, angle in zip(bits[:, :, 0], (0.0, 1.0, np.pi / 2), strict=True):
        # ry(a) on both, then CX from qubit 0 to 1: |q1 q0⟩ has P(01) = P(11) = sin²cos², or sin⁴ swapped
        p = np.sin(angle / 2) ** 2
        expected = [(1 - p) ** 2, p * p, p * (1 - p), p * (1 - p)]  # 00, 01, 10, 11
        share = [float(np.mean(row == outcome)) for outcome in range(4)]
        slack = [5 * np.sqrt(e * (1 - e) / 500) + 1e-9 for e in expected]
        assert all(abs(s - e) <= d for s, e, d in zip(share, expected, slack, strict=True)), (angle, share)
    assert device.usage_qpu_s(job.job_id) == practice.control.totals()["charged_s"] > 2
    assert practice.control.totals()["accepted"] == 1


def test_what_is_on_the_wire_is_the_frozen_payload_and_the_batch(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    batch = device.open_batch()
    device.send(frozen, batch)
    expected = frozen.body.data[:-1] + f',"session_id":"{batch}"}}'.encode()
    post = practice.control.account()["posts"][0]
    assert (post["digest"], post["bytes"]) == (Blob(expected).digest, len(expected))
    body = json.loads(frozen.body.data)
    assert (post["tags"], post["session"], post["cost_s"]) == ([TAG], batch, body["cost"])


def test_a_result_is_read_offline_in_another_process(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, tmp_path: Any
) -> None:
    job = ended()
    raw = device.fetch(job)
    here = device.read(bell, frozen, job, raw)
    (tmp_path / "payload").write_bytes(frozen.body.data)
    (tmp_path / "raw").write_bytes(raw)
    (tmp_path / "pub").write_bytes(bell.pubs[0].parameters.data)
    code = f"""
import json; from pathlib import Path
from backends.ibm_runtime.remote_device import TYPICAL_JOB_S
from backends.ibm_runtime.anonymised import anonymised
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.model.submission import Payload, RemoteJob
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
here = Path({str(tmp_path)!r})
read = lambda name: (here / name).read_bytes()
pub = Pub({bell.pubs[0].qasm3!r}, Blob(read("pub")), ("a",), 500)
work = CircuitBatch((pub,), {dict(bell.options)!r}, seed=7)
payload = Payload.from_frozen(Blob(read("payload")), json.loads({json.dumps(frozen.describe())!r}))
job = RemoteJob.model_validate_json({job.model_dump_json()!r})
backend = ServiceBackend(Settings().having(IbmSettings(ibm_url="http://127.0.0.1:9")), "practice_boston")
print(work.digest, backend.read(work, payload, job, read("raw")).digest)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    assert said.stdout.split() == [bell.digest, here.digest]


@pytest.mark.parametrize("twirling", [False, True])
def test_many_sets_are_one_pub_and_uneven_shots_are_cut_after_twirling(
    carry_out: CarryOut, pub: Make, practice: Practice, twirling: bool
) -> None:
    angles = [float(angle) for angle in np.linspace(0, np.pi, 7)]
    work = CircuitBatch((pub(3, angles, shots=100), pub(1, angles, shots=100)), {"twirling": twirling})
    result = carry_out(work)
    assert result.values["pubs"] == [
        {"sets": 7, "shots": 100, "bits": 3},
        {"sets": 7, "shots": 100, "bits": 1},
    ]
    # two randomisations of 64 are the least that 100 shots take; two sub-jobs of 2 s, 250 µs an execution
    executions = 2 * 7 * (128 if twirling else 100)
    assert result.provenance["shots_as_sent"] == executions
    charged = practice.control.totals()["charged_s"]
    assert charged == pytest.approx(2 * 2 + executions * 250e-6, abs=executions * 5e-6)
    share = (samples(result, 1)[:, :, 0] & 1).mean(axis=1)
    expected = np.sin(np.array(angles) / 2) ** 2
    assert np.abs(share - expected).max() <= 5 * np.sqrt(0.25 / 100)


def test_dynamical_decoupling_and_circuits_without_parameters_run(carry_out: CarryOut, pub: Make) -> None:
    plain = pub(2, [0.0]).qasm3.replace("input float[64] a;", "").replace("ry(a)", "x")
    empty = io.BytesIO()
    np.save(empty, np.zeros((2, 0)))
    fixed = Pub(plain, Blob(empty.getvalue()), (), 64)
    result = carry_out(CircuitBatch((fixed, pub(2, [0.0], shots=64)), {"dynamical_decoupling": "XY4"}))
    assert [each["sets"] for each in result.values["pubs"]] == [2, 1]
    assert (samples(result) == 0b01).all()  # x on both, then CX: qubit 0 stays up
    assert (samples(result, 1) == 0).all()
    assert (
        result.provenance["options"]["sampler"]["options"]["dynamical_decoupling"]["sequence_type"] == "XY4"
    )


def test_the_same_shots_for_all_pubs_are_asked_for(device: ServiceBackend, pub: Make) -> None:
    uneven = CircuitBatch((pub(1, [0.1], shots=10), pub(1, [0.1], shots=20)))
    with pytest.raises(
        BackendError, match=r"cannot take these circuits: .* same shots for all pubs .* \[10, 20\]"
    ):
        device.price(uneven)
    with pytest.raises(BackendError, match="runs circuit_batch and expectation_batch only, got local_call"):
        device.estimate(sample("local_call").good)
    with pytest.raises(BackendError, match="no_such_gate"):
        device.freeze(sample("circuit_batch").bad, TAG, device.price(sample("circuit_batch").good))


def test_circuits_that_no_device_takes_are_one_clear_line(device: ServiceBackend, pub: Make) -> None:
    text = pub(2, [0.1]).qasm3.replace("c = measure q;", "c[0] = measure q[0];\nif (c[0]) { x q[1]; }")
    for qasm3, words in (
        (text, "the circuit does not fit practice_boston: The control-flow construct 'if_else' is not"),
        (pub(157, [0.1]).qasm3, "expected at most the 156 qubits of practice_boston, got 157"),
        (text.replace("x q[1]", "nonsense"), "expected OpenQASM 3"),
    ):
        work = CircuitBatch((Pub(qasm3, pub(2, [0.1]).parameters, ("a",), 10),))
        with pytest.raises(
            BackendError, match=f"practice_boston cannot take these circuits: {words}"
        ) as caught:
            device.estimate(work)
        assert "\n" not in str(caught.value)
        assert not caught.value.retry


def test_circuits_inside_of_circuits_are_not_renamed_but_refused() -> None:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.x(0)
    with pytest.raises(BadInput, match=r"circuits with control flow \(if_else\) are not sent away"):
        anonymised(circuit, (), 0)


def test_no_name_of_the_problem_leaves(device: ServiceBackend, practice: Practice) -> None:
    text = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] smith_age;\nbit[2] pavilion_seven;\n'
        "qubit[2] clinic;\nry(smith_age) clinic[0];\ncx clinic[0], clinic[1];\n"
        "pavilion_seven = measure clinic;\n"
    )
    values = io.BytesIO()
    np.save(values, np.array([[0.5]]))
    for twirling in (False, True):
        work = CircuitBatch(
            (Pub(text, Blob(values.getvalue()), ("smith_age",), 128),), {"twirling": twirling}
        )
        payload = device.freeze(work, TAG, device.price(work))
        found = [payload.body.data]
        for part in payload.body.data.split(b'"'):  # every string that is base64, and what it deflates to
            try:
                raw = base64.b64decode(part, validate=True)
                found += [raw, zlib.decompress(raw)]
            except (ValueError, zlib.error):
                continue
        assert any(data.startswith(b"QISKIT") for data in found)  # the circuit was among them
        assert not [
            name for name in (b"smith", b"pavilion", b"clinic") if any(name in data for data in found)
        ]


def test_price_and_quote_follow_the_documented_formula(device: ServiceBackend, bell: CircuitBatch) -> None:
    price, quote = device.price(bell), device.estimate(bell)
    # one sub-job of 2 s and 1,500 executions of 250 µs and a few µs each
    assert price.expected.qpu_s == pytest.approx(2.375, abs=0.01)
    assert price.expected.usd == pytest.approx(1.6 * price.expected.qpu_s)
    assert price.cap.qpu_s == ceil(price.expected.qpu_s + 5)
    assert price.cap.usd == pytest.approx(1.6 * price.cap.qpu_s)
    assert (quote.amounts.qpu_s, quote.amounts.usd, quote.circuits, quote.shots) == (
        price.expected.qpu_s,
        price.expected.usd,
        3,
        1500,
    )
    assert price.queue_s == 0.0
    many = device.price(bell.__class__(bell.pubs * 10, bell.options))
    assert many.cap.qpu_s == ceil(2 * many.expected.qpu_s)


def test_without_a_price_nothing_is_priced_and_gates_see_an_unknown(
    open_device: Open, bell: CircuitBatch
) -> None:
    dumb = open_device(usd_per_qpu_s=None)
    assert dumb.estimate(bell).amounts.usd is None
    with pytest.raises(BackendError, match="price is unknown: set TIERWISE_USD_PER_QPU_S"):
        dumb.price(bell)


def test_calibrations_are_asked_for_anew_and_found_as_at_the_run(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    at_decision = device.calibration()
    assert at_decision is not None
    assert at_decision.digest == frozen.calibration
    job = ended()
    practice.control.advance(3600)
    practice.control.drift("practice_boston", 5.0)
    now, at_run = device.calibration(), device.calibration_for(job)
    assert now is not None
    assert at_run == at_decision != now
    before, after = device.fidelity(bell, at_decision), device.fidelity(bell, now)
    assert before is not None
    assert after is not None
    # the same two qubits, read with five times the errors, are known to be worse by four times those
    assert before - after > 0.005
    assert device.fidelity(bell, at_decision) == before


def test_device_facts_follow_the_service_and_are_unknown_when_nobody_answers(
    device: ServiceBackend, practice: Practice
) -> None:
    assert (device.available(), device.queue_s()) == (True, 0.0)
    practice.control.set_up("practice_boston", False)
    assert device.available() is False
    practice.control.inject(FaultRule("status", "http_500_before"), FaultRule("backends", "http_503_before"))
    assert (device.available(), device.queue_s()) == (None, None)
    practice.control.inject(FaultRule("properties", "http_502_before"))
    with pytest.raises(BackendError) as caught:
        device.calibration()
    assert caught.value.retry


def test_a_queue_is_as_long_as_its_jobs_take(
    open_device: Open, bell: CircuitBatch, practice: Practice
) -> None:
    practice.control.reset(hold=True)
    device = open_device()
    payload = device.freeze(bell, TAG, device.price(bell))
    batch = device.open_batch()
    for _ in range(3):
        device.send(payload, batch)
    assert device.queue_s() == 3 * TYPICAL_JOB_S


def test_what_the_plan_leaves_is_told(open_device: Open, practice: Practice) -> None:
    practice.control.reset(usage_limit_s=10.0)
    left, said = open_device().quota_left()
    assert (left, said) == (10.0, "0 s of 10 s used")


def test_a_spoilt_result_is_unreadable_and_comes_whole_the_next_time(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    job = ended()
    practice.control.inject(FaultRule("results", "truncated"))
    with pytest.raises(BackendError) as cut:
        device.fetch(job)
    assert cut.value.retry
    for fault in ("corrupt_json", "corrupt_bytes", "altered"):
        practice.control.inject(FaultRule("results", fault))
        raw = device.fetch(job)
        with pytest.raises(Unreadable, match="cannot be decoded") as caught:
            device.read(bell, frozen, job, raw)
        assert "\n" not in str(caught.value)
    assert device.read(bell, frozen, job, device.fetch(job)).ok


def test_a_result_of_other_work_is_unreadable(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, pub: Make
) -> None:
    job = ended()
    raw = device.fetch(job)
    for other in ((pub(2, [0.1], shots=500),), bell.pubs * 2, (pub(9, [0.0, 1.0, 2.0], shots=500),)):
        with pytest.raises(Unreadable, match=job.job_id):
            device.read(CircuitBatch(other), frozen, job, raw)


def test_the_record_says_where_it_ran_and_holds_what_was_sent(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    job = ended()
    result = device.read(bell, frozen, job, device.fetch(job))
    about = result.provenance
    assert (about["device"], about["kind"]) == ("practice_boston", "practice service")
    assert (about["payload"], about["calibration"]) == (frozen.digest, frozen.calibration)
    assert about["versions"]["qiskit-ibm-runtime"] == "0.51.0"
    assert [each["isa"] for each in about["circuits"]] == [result.evidence["sent-0.qasm"].digest]
    assert result.evidence["sent-0.qpy"].data.startswith(b"QISKIT")
    facts = device.facts_of(job)
    assert (facts["service"], facts["job"]) == (f"practice service at {practice.url}", job.job_id)
    assert {"metrics.json", "logs.txt"} == set(device.evidence(job.job_id))
