"""The unmodified client of IBM, end to end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, SamplerV2
from qiskit_ibm_runtime.exceptions import (
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobNotFound,
)
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler

import practice
from practice import Practice

WAIT_S = 120.0
SHOTS = 1000


def sampler(mode: Any, *tags: str) -> Any:
    """The client's Sampler, with tags."""
    made = Sampler(mode=mode)
    made.options.environment.job_tags = list(tags)
    return made


def test_the_samplers_circuits_are_run_and_counted(client: Any, bell: Any) -> None:
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=SHOTS)
    counts = job.result(timeout=WAIT_S)[0].data.meas.get_counts()
    # A Bell pair is 00 or 11 with equal chance; noise moves a few per cent, five sigma are 79 of 1,000.
    assert sum(counts.values()) == SHOTS
    assert abs(counts["00"] - SHOTS / 2) < 100
    assert counts["00"] + counts["11"] > 0.9 * SHOTS


def test_equal_jobs_give_equal_results(client: Any, bell: Any) -> None:
    backend = client.backend("practice_boston")
    counts = [
        Sampler(mode=backend).run([bell], shots=SHOTS).result(timeout=WAIT_S)[0].data.meas.get_counts()
        for _ in range(2)
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("gates", [False, True])
def test_twirled_circuits_come_back_untwirled(client: Any, bell: Any, gates: bool) -> None:
    made = Sampler(mode=client.backend("practice_boston"))
    made.options.twirling.enable_gates = gates
    made.options.twirling.enable_measure = True
    counts = made.run([bell], shots=SHOTS).result(timeout=WAIT_S)[0].data.meas.get_counts()
    assert counts["00"] + counts["11"] > 0.9 * sum(counts.values())


def test_decoupled_circuits_run(client: Any, isa: Callable[[Any], Any]) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.delay(4000, 1, unit="dt")
    circuit.cx(0, 1)
    circuit.measure_all()
    made = Sampler(mode=client.backend("practice_boston"))
    made.options.dynamical_decoupling.enable = True
    counts = made.run([isa(circuit)], shots=SHOTS).result(timeout=WAIT_S)[0].data.meas.get_counts()
    assert counts["00"] + counts["11"] > 0.9 * SHOTS


def test_every_parameter_set_is_run(served_here: Practice, client: Any, isa: Callable[[Any], Any]) -> None:
    served_here.control.reset(noise=False)
    angle, circuit = Parameter("a"), QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()
    pub = (isa(circuit), [[0.0], [3.141592653589793]])
    bits = (
        Sampler(mode=client.backend("practice_boston"))
        .run([pub], shots=50)
        .result(timeout=WAIT_S)[0]
        .data.meas
    )
    # rx(0) leaves 0, rx(pi) makes 1
    assert bits[0].get_counts() == {"0": 50}
    assert bits[1].get_counts() == {"1": 50}


@pytest.mark.parametrize("level", [0, 1])
def test_the_estimators_circuits_are_run(
    served_here: Practice, client: Any, isa: Callable[[Any], Any], level: int
) -> None:
    served_here.control.reset(noise=level == 1)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    ready = isa(circuit)
    both = [SparsePauliOp(name).apply_layout(ready.layout) for name in ("ZZ", "ZI")]
    made = Estimator(mode=client.backend("practice_boston"))
    made.options.resilience_level = level
    values = made.run([(ready, both)]).result(timeout=WAIT_S)[0].data.evs
    # on a Bell pair ZZ is 1 and ZI is 0; 4,096 shots: one sigma is 0.016
    assert values[0] == pytest.approx(1.0, abs=1e-12 if level == 0 else 0.1)
    assert values[1] == pytest.approx(0.0, abs=0.1)


@pytest.mark.filterwarnings("ignore:The SamplerV2 class:DeprecationWarning")
def test_the_older_sampler_runs_too(served_here: Practice, client: Any, bell: Any) -> None:
    counts = (
        SamplerV2(mode=client.backend("practice_boston"))
        .run([bell], shots=SHOTS)
        .result(timeout=WAIT_S)[0]
        .data.meas.get_counts()
    )
    assert counts["00"] + counts["11"] > 0.9 * SHOTS
    assert served_here.control.account()["jobs"][0]["program"] == "sampler"


@pytest.mark.filterwarnings("ignore:The EstimatorV2 class:DeprecationWarning")
def test_the_older_estimator_runs_too(served_here: Practice, client: Any, isa: Callable[[Any], Any]) -> None:
    served_here.control.reset(noise=False)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    ready = isa(circuit)
    observables = [[SparsePauliOp(name).apply_layout(ready.layout)] for name in ("ZZ", "XX", "YY")]
    data = (
        EstimatorV2(mode=client.backend("practice_boston"))
        .run([(ready, observables)])
        .result(timeout=WAIT_S)[0]
        .data
    )
    # the Bell state (00 + 11): ZZ = XX = 1, YY = -1
    assert data.evs.ravel().tolist() == [1.0, 1.0, -1.0]
    assert served_here.control.account()["jobs"][0]["program"] == "estimator"


def test_a_batch_holds_its_jobs_until_it_is_closed(client: Any, bell: Any) -> None:
    batch = Batch(backend=client.backend("practice_boston"))
    job = sampler(batch).run([bell], shots=10)
    assert batch.details()["accepting_jobs"] is True
    batch.close()
    assert job.result(timeout=WAIT_S) is not None
    assert (batch.details()["state"], batch.details()["mode"]) == ("closed", "batch")
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        sampler(batch).run([bell], shots=10)


def test_a_closed_batch_refuses_a_job_of_somebody_who_has_not_heard(client: Any, bell: Any) -> None:
    backend = client.backend("practice_boston")
    batch = Batch(backend=backend)
    other = Batch.from_id(batch.session_id, client)
    batch.close()
    with pytest.raises(IBMRuntimeError, match=r"409.*closed and accepts no jobs"):
        sampler(other).run([bell], shots=10)
    assert client.jobs(session_id=batch.session_id) == []


def test_jobs_are_found_by_tags_and_by_session(client: Any, bell: Any) -> None:
    backend = client.backend("practice_boston")
    batch = Batch(backend=backend)
    inside = sampler(batch, "a", "b").run([bell], shots=10)
    outside = sampler(backend, "a").run([bell], shots=10)
    found = {
        "a": client.jobs(job_tags=["a"]),
        "both": client.jobs(job_tags=["a", "b"]),
        "session": client.jobs(session_id=batch.session_id),
        "none": client.jobs(job_tags=["c"]),
        "oldest": client.jobs(descending=False, limit=1),
    }
    ids = {name: [job.job_id() for job in jobs] for name, jobs in found.items()}
    assert ids == {
        "a": [outside.job_id(), inside.job_id()],
        "both": [inside.job_id()],
        "session": [inside.job_id()],
        "none": [],
        "oldest": [inside.job_id()],
    }


def test_lists_come_in_pages_and_filters(served_here: Practice, client: Any, raw: Any) -> None:
    ids = [raw.post_job() for _ in range(25)]
    served_here.control.totals()  # all have run
    assert [job.job_id() for job in client.jobs(limit=None)] == ids[::-1]
    assert len(client.jobs()) == 10
    assert [job.job_id() for job in client.jobs(limit=3, skip=20)] == ids[::-1][20:23]
    assert client.jobs(pending=True) == []
    assert client.jobs(backend_name="practice_torino") == []
    middle = client.job(ids[12]).creation_date
    assert len(client.jobs(limit=None, created_after=middle)) == 13
    assert len(client.jobs(limit=None, created_before=middle)) == 13


def test_a_queued_job_is_cancelled_and_never_paid(served_here: Practice, client: Any, bell: Any) -> None:
    served_here.control.reset(hold=True)
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    assert job.status() == "QUEUED"
    job.cancel()
    with pytest.raises(RuntimeInvalidStateError):
        client.job(job.job_id()).cancel()
    with pytest.raises(RuntimeInvalidStateError, match="cancelled"):
        client.job(job.job_id()).result(timeout=WAIT_S)
    totals = served_here.control.totals()
    assert (totals["cancelled_while_queued"], totals["ran"], totals["paid"]) == (1, 0, 0)


def test_usage_is_the_documented_formula(served_here: Practice, client: Any, bell: Any) -> None:
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=SHOTS)
    job.result(timeout=WAIT_S)
    # 2 s + (250 us + circuit) x 1,000; a Bell circuit and its readout on Heron take about 2 us
    assert job.usage() == pytest.approx(2.25, abs=0.01)
    used = client.usage()
    assert used["usage_consumed_seconds"] == job.usage()
    assert used["usage_remaining_seconds"] == pytest.approx(3600 - job.usage())


def test_a_used_up_instance_refuses_jobs(served_here: Practice, client: Any, bell: Any) -> None:
    served_here.control.reset(usage_limit_s=1.0)
    backend = client.backend("practice_boston")
    Sampler(mode=backend).run([bell], shots=10).result(timeout=WAIT_S)
    with (
        pytest.warns(UserWarning, match="usage limit"),
        pytest.raises(IBMRuntimeError, match="used up its seconds"),
    ):
        Sampler(mode=backend).run([bell], shots=10)


def test_a_job_longer_than_its_limit_is_ended_and_charged_for_it(
    served_here: Practice, client: Any, bell: Any
) -> None:
    made = Sampler(mode=client.backend("practice_boston"))
    made.options.max_execution_time = 2
    job = made.run([bell], shots=SHOTS)
    with pytest.raises(IBMRuntimeError, match="1305"):
        job.result(timeout=WAIT_S)
    assert served_here.control.account()["jobs"][0]["charged_s"] == 2


def test_properties_are_those_of_the_time_asked_for(served_here: Practice, client: Any) -> None:
    backend = client.backend("practice_boston")
    before = backend.properties().readout_error(0)
    moment = datetime.now(UTC)
    served_here.control.advance(60)
    served_here.control.drift("practice_boston", 2.0)
    now, then = backend.properties(refresh=True), backend.properties(datetime=moment)
    assert now.readout_error(0) == pytest.approx(2 * before)
    assert then.readout_error(0) == before
    assert now.last_update_date > then.last_update_date
    assert backend.properties(datetime=moment - timedelta(days=2)) is None


def test_a_calibration_is_found_by_its_id(served_here: Practice, client: Any) -> None:
    drifted = served_here.control.drift("practice_boston", 2.0)
    first = client.backend("practice_boston", calibration_id="practice_boston-calibration-0")
    second = client.backend("practice_boston", calibration_id=drifted)
    assert second.properties().readout_error(0) == pytest.approx(2 * first.properties().readout_error(0))


def test_a_jobs_properties_are_those_it_ran_under(served_here: Practice, client: Any, bell: Any) -> None:
    served_here.control.reset(practice.FaultRule("jobs.post", "drift_while_queued"))
    backend = client.backend("practice_boston")
    before = backend.properties().last_update_date
    job = Sampler(mode=backend).run([bell], shots=10)
    job.result(timeout=WAIT_S)
    assert job.properties().last_update_date > before
    assert served_here.control.account()["jobs"][0]["calibration"] == "practice_boston-calibration-1"


def test_tags_can_be_changed_and_a_job_deleted(client: Any, bell: Any) -> None:
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    job.result(timeout=WAIT_S)
    assert job.update_tags(["new"]) == ["new"]
    client.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        client.job(job.job_id())
    assert client.jobs(job_tags=["new"]) == []


def test_a_private_jobs_result_can_be_read_once(client: Any, bell: Any) -> None:
    made = Sampler(mode=client.backend("practice_boston"))
    made.options.environment.private = True
    job = made.run([bell], shots=10)
    assert job.result(timeout=WAIT_S) is not None
    with pytest.raises(Exception, match="404"):
        job.result(timeout=WAIT_S)


def test_what_cannot_be_simulated_fails_and_says_why(
    served_here: Practice, client: Any, isa: Callable[[Any], Any]
) -> None:
    served_here.control.reset(max_qubits=2)
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.measure_all()
    job = Sampler(mode=client.backend("practice_boston")).run([isa(circuit)], shots=10)
    with pytest.raises(RuntimeJobFailureError, match="at most 2 coupled qubits, got 3"):
        job.result(timeout=WAIT_S)
    assert served_here.control.totals()["paid"] == 0


def test_nothing_can_be_mistaken_for_hardware(client: Any, bell: Any) -> None:
    backends = client.backends()
    assert {backend.name.split("_")[0] for backend in backends} == {"practice"}
    assert all("practice" in backend.configuration().description for backend in backends)
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    job.result(timeout=WAIT_S)
    assert job.job_id().startswith("practice-")
    assert "practice" in job.metrics()
    assert "practice" in job.logs()
