"""Circuits that no machine can run, or this one cannot: one line from every backend, before any runs."""

import io
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.aer import memory
from backends.aer.run import quote as quote_aer
from backends.ibm_runtime.run import quote as quote_device
from backends.statevector_mpi.planning import plan as quote_ranks
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, BadInput
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.ports.registry import backend_descriptor

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
Quoting = Callable[[CircuitBatch], RawResult]


def quoting(function: Callable[..., RawResult], **context: Any) -> Quoting:
    return partial(_called, function, context)


def _called(function: Callable[..., RawResult], context: dict[str, Any], work: CircuitBatch) -> RawResult:
    return function(work, context, Report())


QUOTING = {
    "aer": quoting(quote_aer),
    "ibm_runtime": quoting(quote_device, device="fake_fez"),
    "statevector_mpi": quoting(quote_ranks, device="statevector_mpi", ranks=2, memory_mb=None),
}


def batch(text: str, shots: int = 10) -> CircuitBatch:
    stream = io.BytesIO()
    np.save(stream, np.zeros((1, 0)))
    return CircuitBatch((Pub(text, Blob(stream.getvalue()), (), shots),))


def chain(qubits: int, further: str = "") -> str:
    cx = "".join(f"cx q[{k}], q[{k + 1}];\n" for k in range(qubits - 1))
    return f"{HEAD}bit[{qubits}] c;\nqubit[{qubits}] q;\nh q[0];\n{cx}{further}c = measure q;\n"


@pytest.mark.parametrize("name", QUOTING)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("OPENQASM 3.0;\nqubit q r;\n", "expected OpenQASM 3, got 'r' in line 2"),
        (f"{HEAD}qubit[2] q;\nfoo q[0];\n", "gate 'foo' is not defined"),
        (f"{HEAD}qubit[1] q;\nh q[0];\n", "expected a circuit that measures into one classical register"),
        (f"{HEAD}bit[1] c;\nqubit[1_000_000_000] q;\n", "of at most 16384 qubits or bits, got 1000000000"),
        ("OPENQASM 2.0;\nqreg q[20000];\ncreg c[1];\n", "of at most 16384 qubits or bits, got 20000"),
        (chain(1100, "t q[1];\n"), "qubits.*, got 1100"),
    ],
)
def test_a_bad_circuit_is_one_line_on_every_backend(name: str, text: str, line: str) -> None:
    with pytest.raises(BadInput, match=line) as caught:
        QUOTING[name](batch(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("qubits", [61, 1100])
def test_more_qubits_than_any_machine_holds_are_refused_with_what_can_run_them(qubits: int) -> None:
    with pytest.raises(BadInput, match=f"expected at most 60 qubits, got {qubits}.*quantum device.*aer"):
        QUOTING["statevector_mpi"](batch(chain(qubits)))


def test_aer_refuses_amplitudes_that_do_not_fit_and_quotes_clifford_circuits_by_their_tableau() -> None:
    most = int(memory.holds_log2(Settings()))
    with pytest.raises(BadInput, match=f"expected at most {most} qubits, .*got {most + 1} qubits"):
        QUOTING["aer"](batch(chain(most + 1, "t q[1];\n")))
    # a GHZ state of 1,100 qubits took Aer 6 s here
    quote = Quote.model_validate(QUOTING["aer"](batch(chain(1100))).values["quote"])
    assert 6 < (quote.amounts.wall_s or 0) < 60


@pytest.mark.parametrize(
    ("gates", "right"),
    [
        ("rz(pi/2) q[0];", True),
        ("rz(-3*pi) q[0];", True),
        ("rz(0.3) q[0];", False),
        ("s q[1]; barrier q; reset q[0];", True),
        ("if (c[0]) { x q[1]; }", True),
        ("if (c[0]) { t q[1]; }", False),
        ("ccx q[0], q[1], q[2];", False),
    ],
)
def test_what_aer_runs_on_a_tableau_is_known_beforehand(gates: str, right: bool, tmp_path: Path) -> None:
    from qiskit import qasm3
    from qiskit_aer import AerSimulator

    circuit = qasm3.loads(chain(3, f"{gates}\n"))
    ran = AerSimulator(method="automatic").run(circuit, shots=1).result()
    assert (ran.results[0].metadata["method"] == "stabilizer") is right
    assert memory.as_tableau(circuit) is right


def test_what_the_machine_under_the_ranks_refuses_says_what_the_circuits_take(tmp_path: Path) -> None:
    descriptor, _ = backend_descriptor("statevector_mpi")
    with (
        closing(descriptor.open(Settings(home=tmp_path), None)) as backend,
        # 2^40 amplitudes of 16 bytes are 16777216 MiB
        pytest.raises(BackendError, match=r"40 qubits take 1\d{7} MiB on .*: mpi: expected work"),
    ):
        backend.estimate(batch(chain(40)))
