"""Expectation values on the ideal simulator: exact values, deviates of the stated size, reproducible."""

import io
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.result import RawResult

Run = Callable[[Any], RawResult]
RY = """\
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
qubit[1] q;
ry(theta) q[0];
"""
ANGLES = np.linspace(0, math.pi, 400)


def npy(values: Any) -> Blob:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values, dtype=np.float64))
    return Blob(stream.getvalue())


def loaded(blob: Blob) -> Any:
    return np.load(io.BytesIO(blob.data))


def batch(precision: float = 0.1, seed: int = 3, qasm3: str = RY, label: str = "Z") -> ExpectationBatch:
    pub = EstimatorPub(qasm3, npy(ANGLES[:, None]), ("theta",), ({label: 1.0},), precision)
    return ExpectationBatch((pub,), seed=seed)


def test_the_exact_values_are_the_cosine_and_the_deviates_as_large_as_the_precision(run: Run) -> None:
    result = run(batch())
    assert np.allclose(loaded(result.evidence["exact-0.npy"])[:, 0], np.cos(ANGLES), atol=1e-12)
    off = (loaded(result.files["evs-0.npy"])[:, 0] - np.cos(ANGLES)) / 0.1
    # of 400 standard normal deviates: their mean within 5/√400, their size within 5/√800 of 1
    assert abs(off.mean()) < 5 / 20
    assert abs(off.std() - 1) < 5 / math.sqrt(800)
    assert (loaded(result.files["stds-0.npy"]) == 0.1).all()


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(run: Run) -> None:
    assert run(batch(seed=1)).digest == run(batch(seed=1)).digest != run(batch(seed=2)).digest


@pytest.mark.parametrize(
    ("qasm3", "line"),
    [
        (RY + "bit[1] c;\nc[0] = measure q[0];\n", "without classical bits.*got 1"),
        (
            RY.replace("qubit[1]", "qubit[2]"),
            "on the 2 qubits of the circuit, got .* 1 letters",
        ),
        (RY.replace("theta", "phi"), r"parameters named \['phi'\]"),
        ("not OpenQASM", "expected OpenQASM 3"),
    ],
)
def test_what_cannot_be_estimated_ends_with_one_line(run: Run, qasm3: str, line: str) -> None:
    result = run(batch(qasm3=qasm3))
    assert result.state is JobState.FAILED
    assert re.search(line, result.error or "")
    assert "\n" not in (result.error or "")
