"""Circuits and a backend for the rehearsal's tests."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.ibm_runtime.backend import IbmRuntimeBackend
from escalation.settings import settings
from escalation.work import Blob, CircuitBatch, Pub, RawResult


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
