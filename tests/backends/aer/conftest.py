"""Circuits and a backend for the ideal simulator's tests."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.aer.backend import AerBackend
from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.configuration import settings


def npy(values: Any) -> Blob:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values, dtype=np.float64))
    return Blob(buffer.getvalue())


def ghz(qubits: int) -> str:
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', "input float[64] a;"]
    lines += [f"bit[{qubits}] c;", f"qubit[{qubits}] q;", "ry(a) q[0];"]
    lines += [f"cx q[{k}], q[{k + 1}];" for k in range(qubits - 1)]
    return "\n".join([*lines, "c = measure q;"])


@pytest.fixture(scope="session")
def aer() -> Iterator[AerBackend]:
    backend = AerBackend(settings())
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def batch() -> Callable[..., CircuitBatch]:
    """Makes a batch of one GHZ-like pub: ry(a) on qubit 0, then a chain of CX."""

    def make(
        qubits: int, angles: list[float], shots: int = 4096, seed: int = 1, **resources: Any
    ) -> CircuitBatch:
        pub = Pub(ghz(qubits), npy([[angle] for angle in angles]), ("a",), shots)
        return CircuitBatch((pub,), seed=seed, resources=Resources(**resources))

    return make


@pytest.fixture
def run(aer: AerBackend, tmp_path: Path) -> Callable[[CircuitBatch], RawResult]:
    """Runs a batch to its end."""

    def run_(work: CircuitBatch) -> RawResult:
        handle = aer.submit(work, tmp_path / work.digest[:8])
        assert aer.wait(handle, 120).state.final
        return aer.result(handle)

    return run_
