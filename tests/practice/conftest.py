"""One practice service for all tests here, reset before each; raw calls, and circuits for the client."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import practice
from practice import Practice

WAIT_S = 60.0
EMPTY_JOB = {"program_id": "sampler", "backend": "practice_boston", "params": {"pubs": [], "version": 2}}


@dataclass(frozen=True)
class Raw:
    """Calls without any client: one connection each, nothing retried."""

    port: int

    def __call__(
        self, method: str, path: str, data: Any = None, timeout_s: float = WAIT_S
    ) -> tuple[int, bytes, dict[str, str]]:
        """Returns status, body and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        body = None if data is None else json.dumps(data)
        try:
            connection.request(method, path, body, {"Authorization": "Bearer practice"})
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def json(self, method: str, path: str, data: Any = None) -> Any:
        """Returns what a call that must succeed answers."""
        status, body, _ = self(method, path, data)
        assert status in (200, 204), body
        return json.loads(body) if body else None

    def post_job(self, **more: Any) -> str:
        """Submits a job without circuits; returns its id."""
        return str(self.json("POST", "/jobs", EMPTY_JOB | more)["id"])


@pytest.fixture(scope="session")
def service_of_session() -> Iterator[Practice]:
    with practice.running() as found, pytest.MonkeyPatch.context() as patch:
        for name, value in found.environment.items():
            patch.setenv(name, value)
        yield found


@pytest.fixture
def served_here(service_of_session: Practice) -> Practice:
    service_of_session.control.reset()
    return service_of_session


@pytest.fixture
def raw(served_here: Practice) -> Raw:
    return Raw(int(served_here.url.rpartition(":")[2]))


@pytest.fixture
def client(served_here: Practice) -> Any:
    return practice.connect(served_here)


@pytest.fixture(scope="session")
def isa(service_of_session: Practice) -> Callable[[Any], Any]:
    """Transpiles to practice_boston as IBM's client sees it, onto whichever qubits are best."""
    from qiskit.transpiler import generate_preset_pass_manager

    service_of_session.control.reset()  # this is made before the next test's own reset
    backend = practice.connect(service_of_session).backend("practice_boston")
    passes = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=11)
    run: Callable[[Any], Any] = passes.run
    return run


@pytest.fixture(scope="session")
def bell(isa: Callable[[Any], Any]) -> Any:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return isa(circuit)
