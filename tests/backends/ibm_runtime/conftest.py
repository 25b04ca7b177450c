"""Circuits, the rehearsal, and devices at a practice service."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.ibm_runtime.backend import IbmRuntimeBackend
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.configuration import settings
from practice import Practice, running

TAG = "tierwise:test"
USD_PER_S = 1.6
POLLS = 2000


def chain(qubits: int, gate: str = "cx") -> str:
    """ry(a) on every qubit, the gate along the line, and a measurement of all."""
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', "input float[64] a;"]
    lines += [f"bit[{qubits}] c;", f"qubit[{qubits}] q;"]
    lines += [f"ry(a) q[{k}];" for k in range(qubits)]
    lines += [f"{gate} q[{k}], q[{k + 1}];" for k in range(qubits - 1) if gate]
    return "\n".join([*lines, "c = measure q;"])


@pytest.fixture(scope="session")
def pub() -> Callable[..., Pub]:
    """Makes a pub of `chain`."""

    def make(qubits: int, angles: list[float], shots: int = 1024, gate: str = "cx") -> Pub:
        buffer = io.BytesIO()
        np.save(buffer, np.array([[angle] for angle in angles], dtype=np.float64))
        return Pub(chain(qubits, gate), Blob(buffer.getvalue()), ("a",), shots)

    return make


@pytest.fixture(scope="session")
def boston() -> Iterator[IbmRuntimeBackend]:
    backend = IbmRuntimeBackend(settings())
    yield backend
    backend.close()


@pytest.fixture
def run(boston: IbmRuntimeBackend, tmp_path: Path) -> Callable[..., RawResult]:
    """Rehearses pubs to their end."""

    def run_(*pubs: Pub, seed: int = 1, **options: Any) -> RawResult:
        work = CircuitBatch(pubs, options=options, seed=seed)
        handle = boston.submit(work, tmp_path / work.digest[:8])
        assert boston.wait(handle, 200).state.final
        return boston.result(handle)

    return run_


@pytest.fixture(scope="session")
def practising() -> Iterator[Practice]:
    """A practice service for the whole run; `practice` has it start from nothing."""
    with running() as found:
        yield found


@pytest.fixture
def practice(practising: Practice) -> Practice:
    """A practice service with nothing in it, without noise."""
    practising.control.reset(noise=False)
    return practising


@pytest.fixture
def open_device(practice: Practice, tmp_path: Path) -> Iterator[Callable[..., ServiceBackend]]:
    """Opens devices of the practice service, each time as another process would."""
    opened: list[ServiceBackend] = []

    def open_(device: str = "practice_boston", read_s: float = 60.0, **changed: Any) -> ServiceBackend:
        own = {name: changed.pop(name) for name in IbmSettings.model_fields if name in changed}
        known = Settings(home=tmp_path, **changed).having(
            IbmSettings(**{"ibm_url": practice.url, "usd_per_qpu_s": USD_PER_S, **own})
        )
        opened.append(ServiceBackend(known, device, (10.0, read_s)))
        return opened[-1]

    yield open_
    for backend in opened:
        backend.close()


@pytest.fixture
def device(open_device: Callable[..., ServiceBackend]) -> ServiceBackend:
    """A device of the practice service."""
    return open_device()


@pytest.fixture
def bell(pub: Callable[..., Pub]) -> CircuitBatch:
    """Two qubits, three angles."""
    return CircuitBatch((pub(2, [0.0, 1.0, np.pi / 2], shots=500),), {"optimization_level": 1}, seed=7)


@pytest.fixture
def frozen(device: ServiceBackend, bell: CircuitBatch) -> Payload:
    """The bell batch, frozen for `device`, which is connected then."""
    return device.freeze(bell, TAG, device.price(bell))


@pytest.fixture
def finish() -> Callable[[ServiceBackend, str], RemoteJob]:
    """Follows a job to its end."""

    def finish_(backend: ServiceBackend, job_id: str) -> RemoteJob:
        for _ in range(POLLS):
            job = backend.look(job_id)
            if job.state.final:
                return job
        raise AssertionError(f"job {job_id} does not end")

    return finish_


@pytest.fixture
def carry_out(
    device: ServiceBackend, finish: Callable[[ServiceBackend, str], RemoteJob]
) -> Callable[[CircuitBatch], RawResult]:
    """Takes work the whole way, as a submission does."""

    def carry_out_(work: CircuitBatch) -> RawResult:
        payload = device.freeze(work, TAG, device.price(work))
        job = finish(device, device.send(payload, device.open_batch()).job_id)
        return device.read(work, payload, job, device.fetch(job))

    return carry_out_


@pytest.fixture
def ended(
    device: ServiceBackend, frozen: Payload, finish: Callable[[ServiceBackend, str], RemoteJob]
) -> Callable[[], RemoteJob]:
    """Sends the frozen bell batch into a batch of its own, and follows the job to its end."""
    return lambda: finish(device, device.send(frozen, device.open_batch()).job_id)
