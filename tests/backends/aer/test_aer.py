"""The ideal simulator: its statistics, its bits, its determinism, and what it leaves behind (nothing)."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from math import cos, pi
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from qiskit.primitives import BitArray

from backends.aer.backend import AerBackend
from backends.aer.descriptor import DESCRIPTOR
from backends.circuits.jobs import CircuitJob as QuantumJob
from backends.circuits.jobs import read_job, write_job, write_result
from escalation.inputs.settings import ROOT
from escalation.model.blob import Blob
from escalation.model.clock import this_process
from escalation.model.errors import BackendError, BadInput
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.ports.configuration import settings

Run = Callable[[CircuitBatch], RawResult]
Make = Callable[..., CircuitBatch]


def bits(result: RawResult, number: int = 0) -> NDArray[np.uint8]:
    assert result.ok, result.error
    array: NDArray[np.uint8] = np.load(io.BytesIO(result.files[f"bits-{number}.npy"].data))
    return array


def test_ghz_gives_all_zeros_with_probability_cos_squared_of_half_the_angle(run: Run, batch: Make) -> None:
    # ry(a)|0> = cos(a/2)|0> + sin(a/2)|1>; five standard deviations of 4096 shots are at most 0.039
    angles = [0.0, 0.7, pi / 2, 2.5, pi]
    samples = bits(run(batch(10, angles)))
    assert samples.shape == (5, 4096, 2)
    for row, angle in zip(samples, angles, strict=True):
        zeros = (row == 0).all(axis=1)
        ones = (row == [0b11, 0xFF]).all(axis=1)
        assert zeros.sum() + ones.sum() == 4096
        assert zeros.mean() == pytest.approx(cos(angle / 2) ** 2, abs=0.039)


def test_bits_are_packed_as_in_qiskits_bit_array(run: Run) -> None:
    # x on qubits 0 and 9 of ten: the integer is 2^9 + 2^0
    text = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[10] c;\nqubit[10] q;\nx q[0];\nx q[9];\nc = measure q;\n'
    )
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 0)))
    result = run(CircuitBatch((Pub(text, Blob(buffer.getvalue()), (), 8),)))
    assert BitArray(bits(result), 10).get_int_counts() == {513: 16}
    assert result.values == {"pubs": [{"sets": 2, "shots": 8, "bits": 10}]}


def test_columns_follow_the_parameter_names(run: Run) -> None:
    text = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] a;\ninput float[64] b;\n'
        "bit[2] c;\nqubit[2] q;\nrx(a) q[0];\nrx(b) q[1];\nc = measure q;\n"
    )
    buffer = io.BytesIO()
    np.save(buffer, np.array([[pi, 0.0]]))
    for names, expected in ((("a", "b"), 1), (("b", "a"), 2)):
        samples = bits(run(CircuitBatch((Pub(text, Blob(buffer.getvalue()), names, 16),))))
        assert set(samples.ravel()) == {expected}


def test_equal_sets_and_equal_pubs_get_independent_samples(run: Run, batch: Make) -> None:
    pub = batch(2, [pi / 2, pi / 2], shots=256).pubs[0]
    result = run(CircuitBatch((pub, pub), seed=4))
    rows = [*bits(result, 0), *bits(result, 1)]
    assert len({row.tobytes() for row in rows}) == 4


SCRIPT = """
import json, sys
from pathlib import Path
from backends.circuits.jobs import read_job
from backends.aer.run import sample
from escalation.model.report import Report
job = read_job(Path(sys.argv[1]))
print(json.dumps(sample(job.work, job.context, Report()).digest))
"""


def test_the_same_seed_gives_the_same_bits_in_another_process(
    aer: AerBackend, run: Run, batch: Make, tmp_path: Path
) -> None:
    work = batch(4, [0.3 * k for k in range(60)], shots=64, seed=11)
    write_job(tmp_path / "again", QuantumJob(aer.runs["circuit_batch"], work, {}))
    assert read_job(tmp_path / "again").work == work
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "again")]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert json.loads(said) == run(work).digest
    assert run(batch(4, [0.3 * k for k in range(60)], shots=64, seed=12)).digest != run(work).digest


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("not a circuit", "a", "expected OpenQASM 3"),
        ("GHZ", "b", "expected parameters named ['a']"),
    ],
)
def test_a_bad_pub_is_a_failed_result_of_one_clear_line(
    run: Run, batch: Make, text: str, name: str, expected: str
) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((1, 1)))
    text = batch(2, [0.0]).pubs[0].qasm3 if text == "GHZ" else text
    result = run(CircuitBatch((Pub(text, Blob(buffer.getvalue()), (name,), 10),)))
    assert result.state is JobState.FAILED
    assert expected in (result.error or "")
    assert "\n" not in (result.error or "")


def test_an_unknown_option_is_refused(run: Run, batch: Make) -> None:
    result = run(CircuitBatch(batch(2, [0.0]).pubs, options={"twirl": True}))
    assert result.state is JobState.FAILED
    assert "unknown circuit option 'twirl'" in (result.error or "")


def simulators() -> set[int]:
    """The warm workers that live now."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if "backends.circuits.worker" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def heavy(batch: Make, **resources: float) -> CircuitBatch:
    """Minutes of simulation: a hundred state vectors of 2^24 amplitudes."""
    return batch(24, [0.01 * k for k in range(100)], shots=10, **resources)


def test_work_past_its_time_is_stopped_and_leaves_no_process(
    aer: AerBackend, run: Run, batch: Make, tmp_path: Path
) -> None:
    handle = aer.submit(heavy(batch, wall_s=0.5), tmp_path / "slow")
    assert aer.wait(handle, 60).state is JobState.TIMED_OUT
    assert "wall_s" in (aer.result(handle).error or "")
    started = json.loads((tmp_path / "slow" / "started.json").read_text())
    assert started["pid"] not in simulators()
    assert run(batch(2, [0.0])).ok


def test_cancelled_work_stops_at_once_and_other_work_goes_on(
    aer: AerBackend, run: Run, batch: Make, tmp_path: Path
) -> None:
    handle = aer.submit(heavy(batch), tmp_path / "slow")
    while aer.wait(handle, 0.05).state is JobState.QUEUED:
        pass
    started = json.loads((tmp_path / "slow" / "started.json").read_text())
    aer.cancel(handle)
    assert aer.wait(handle, 0).state is JobState.CANCELLED
    assert started["pid"] not in simulators()
    aer.cancel(handle)
    assert run(batch(2, [0.0])).ok


def test_work_queued_behind_cancelled_work_still_runs(aer: AerBackend, batch: Make, tmp_path: Path) -> None:
    slow = [aer.submit(heavy(batch), tmp_path / f"slow-{k}") for k in range(os.cpu_count() or 1)]
    quick = aer.submit(batch(2, [0.0]), tmp_path / "quick")
    for handle in slow:
        while aer.wait(handle, 0.05).state is JobState.QUEUED:
            pass
        aer.cancel(handle)
    assert aer.wait(quick, 60).state is JobState.DONE


def test_closing_the_last_backend_ends_its_work_and_its_processes() -> None:
    # in a process of its own, as the pool of this one is shared
    code = (
        "import psutil; from backends.circuits.pool import POOL, SimulatorProcess; POOL.open();"
        "POOL._workers.append(SimulatorProcess()); assert psutil.Process().children(); POOL.close();"
        "assert not psutil.Process().children()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


PARENT = """
import io, json, sys
from pathlib import Path
from backends.aer.backend import AerBackend
from backends.circuits.jobs import read_job
from escalation.ports.configuration import settings
backend = AerBackend(settings())
folder = Path(sys.argv[1])
handle = backend.submit(read_job(folder).work, folder / "copy")
while not (folder / "copy" / "started.json").exists():
    backend.wait(handle, 0.05)
print(json.dumps(handle), flush=True)
sys.stdin.read()
"""


def test_simulations_end_with_the_process_that_asked_for_them_and_others_learn_of_it(
    aer: AerBackend, batch: Make, tmp_path: Path
) -> None:
    write_job(tmp_path, QuantumJob(aer.runs["circuit_batch"], heavy(batch), {}))
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdin=-1, stdout=-1, text=True
    )
    assert parent.stdout is not None
    handle = json.loads(parent.stdout.readline())
    worker = psutil.Process(json.loads((tmp_path / "copy" / "started.json").read_text())["pid"])
    assert aer.wait(handle, 0).state is JobState.RUNNING
    parent.kill()
    parent.communicate()
    worker.wait(timeout=30)
    assert aer.wait(handle, 30).state is JobState.FAULT
    result = aer.result(handle)  # it was the driver that died, not the work
    assert result.state is JobState.FAULT
    assert (result.error or "").startswith("lost")


def test_a_simulation_whose_process_is_killed_is_the_machines_fault(
    aer: AerBackend, batch: Make, tmp_path: Path
) -> None:
    handle = aer.submit(heavy(batch), tmp_path / "job")
    while not (tmp_path / "job" / "started.json").exists():
        assert not aer.wait(handle, 0.05).state.final
    os.kill(json.loads((tmp_path / "job" / "started.json").read_text())["pid"], signal.SIGKILL)
    assert aer.wait(handle, 30).state is JobState.FAULT
    result = aer.result(handle)
    assert (result.state, result.error) == (JobState.FAULT, "the process that ran it was killed")
    assert result.usage.wall_s > 0
    assert aer.submit(batch(2, [0.0]), tmp_path / "next")


def test_the_first_result_of_a_job_stays(tmp_path: Path) -> None:
    first = RawResult(JobState.CANCELLED, error="cancelled")
    assert write_result(tmp_path, first)
    assert not write_result(tmp_path, RawResult(JobState.DONE))
    assert not list(tmp_path.glob("result-*"))


def test_work_whose_process_has_died_is_reported_as_lost(
    aer: AerBackend, batch: Make, tmp_path: Path
) -> None:
    write_job(tmp_path / "orphan", QuantumJob(aer.runs["circuit_batch"], batch(2, [0.0]), {}))
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    handle = {
        "folder": str(tmp_path / "orphan"),
        "owner": this_process().to_json() | {"pid": dead.pid},
    }
    assert aer.wait(handle, 1).state is JobState.FAULT
    assert (aer.result(handle).error or "").startswith("lost")


def test_a_device_and_foreign_work_are_refused(aer: AerBackend, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no devices"):
        AerBackend(settings(), "fake_fez")
    with pytest.raises(BadInput, match="no devices"):
        DESCRIPTOR.device_kind("fake_fez")
    with pytest.raises(BackendError, match="circuit_batch"):
        aer.submit(LocalCall("os:getpid"), tmp_path / "foreign")


def test_the_estimate_counts_what_the_batch_holds(aer: AerBackend, batch: Make) -> None:
    # three sets of 100 shots; two CX in a chain, one after the other; a state vector of 2^3 amplitudes,
    # and 1 + log2(3) + 2 for a matrix product state of bond 2, which is more
    quote = aer.estimate(batch(3, [0.1, 0.2, 0.3], shots=100))
    assert (quote.circuits, quote.shots, quote.qubits) == (3, 300, 3)
    assert (quote.two_qubit_gates, quote.two_qubit_depth) == (2, 2)
    assert quote.simulation_log2 == 3.0
    assert (quote.expected_fidelity, quote.amounts.qpu_s, quote.amounts.usd) == (1.0, 0.0, 0.0)
