"""What a reader learns of the device that circuits ran on."""

import io
from pathlib import Path

import numpy as np
import pytest

from escalation.engine.runtime import WorkDone
from escalation.model.attempt import Attempt, AttemptStatus, Done
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration, GateCalibration, QubitCalibration
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from records.store.files import FileStore
from records.views.machines import machines

DEVICE = Calibration(
    device="line",
    processor="Heron r2",
    num_qubits=3,
    qubits=tuple(QubitCalibration(qubit=n, t1_s=1e-4, readout_error=0.01) for n in range(3)),
    gates=(GateCalibration(gate="cz", qubits=(0, 1), error=0.002),),
)
QASM = "OPENQASM 3.0;\nbit[1] c;\nqubit[1] q;\nh q[0];\nc[0] = measure q[0];\n"
NONE = io.BytesIO()
np.save(NONE, np.zeros((1, 0)))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    kept = FileStore(tmp_path)
    kept.put(DEVICE.canonical)
    return kept


def piece(qasm: str, **changes: object) -> Done:
    about = {
        "device": "line",
        "kind": "calibrated rehearsal",
        "calibration": DEVICE.digest,
        "circuits": [{"physical_qubits": [1], "expected_fidelity": 0.9}],
    }
    work = CircuitBatch((Pub(qasm, Blob(NONE.getvalue()), (), 16),))
    return Done(work, RawResult(JobState.DONE, provenance=about | changes))


def ran(*pieces: Done) -> tuple[list[Attempt], list[Done]]:
    attempt = Attempt(
        number=0, tier=Tier.QUANTUM, method="m", backend="b", device_kind="calibrated rehearsal", seed=1,
        quote=Quote(), status=AttemptStatus.NOT_CERTIFIED,
        works=tuple({"kind": each.work.kind} for each in pieces),
    )  # fmt: skip
    return [attempt], list(pieces)


def test_device_calibration_qubits_and_circuits_are_told(store: FileStore) -> None:
    attempts, pieces = ran(piece(QASM))
    (found,) = machines(attempts, WorkDone(lambda _: pieces, store))
    assert found.title == "Attempt 0, work 0: line"
    told = dict(found.facts)
    assert told["processor"] == "Heron r2, 3 qubits"
    assert told["qubits used"] == "1"
    assert told["circuits and shots"] == "1 circuits, 16 shots"
    assert told["expected fidelity of the worst circuit"] == "0.9"
    assert found.errors == (("1", "100", "not reported", "1"),)
    assert found.map is not None
    assert found.circuits[0].said == "1 qubits, 2 columns: 1 h, 1 measure"


def test_a_second_piece_on_the_same_qubits_shows_no_second_map(store: FileStore) -> None:
    attempts, pieces = ran(piece(QASM), piece(QASM), piece(QASM, circuits=[{"physical_qubits": [0, 1]}]))
    maps = [each.map is not None for each in machines(attempts, WorkDone(lambda _: pieces, store))]
    assert maps == [True, False, True]


def test_qubits_of_circuits_as_sent_are_read_from_their_text(store: FileStore) -> None:
    sent = {"sent-0.qasm": Blob(b"cz $0, $1;"), "sent-0.qpy": Blob(b"$7")}
    done = piece(QASM, circuits=[{"isa": "d"}])
    done = Done(done.work, RawResult(JobState.DONE, provenance=done.result.provenance, evidence=sent))
    (found,) = machines(*_with(done, store))
    assert dict(found.facts)["qubits used"] == "0, 1"


def test_a_calibration_that_the_store_has_lost_leaves_the_rest(store: FileStore) -> None:
    (found,) = machines(*_with(piece(QASM, calibration="0" * 64), store))
    assert found.map is None
    assert found.circuits[0].svg is not None


def test_a_circuit_with_control_flow_is_said_not_to_be_drawn(store: FileStore) -> None:
    (found,) = machines(*_with(piece("qubit q; if (true) { x q; }"), store))
    assert found.circuits[0].svg is None
    assert "is not drawn" in found.circuits[0].said


def _with(done: Done, store: FileStore) -> tuple[list[Attempt], WorkDone]:
    attempts, pieces = ran(done)
    return attempts, WorkDone(lambda _: pieces, store)
