"""A device's calibrations are kept once, by content, and tell in order how it drifted."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration, GateCalibration, LayerFidelity, QubitCalibration
from escalation.model.errors import CorruptRecord
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tasks.calibrations import drifts, history, keep

DEVICE = "ibm_runtime:practice_boston"


def calibrated(day: int, layer: float, readout: float) -> Calibration:
    return Calibration(
        device="practice_boston",
        calibrated_at=datetime(2026, 1, day, tzinfo=UTC),
        num_qubits=3,
        qubits=tuple(QubitCalibration(qubit=q, t1_s=q * 1e-4, readout_error=readout) for q in (1, 2, 3)),
        gates=tuple(
            GateCalibration(gate="cz", qubits=pair, error=error)
            for pair, error in (((1, 2), 1e-3), ((2, 3), 3e-3))
        ),
        layer_fidelity=(LayerFidelity(qubits=10, fidelity=layer), LayerFidelity(qubits=100, fidelity=0.3)),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[SqlLedger]:
    ledger = SqlLedger(settings.ledger, FileStore(settings.store))
    yield ledger
    ledger.close()


def test_a_device_nobody_looked_at_has_no_history(ledger: SqlLedger) -> None:
    assert history(ledger, ledger.store, DEVICE) == ()


def test_what_has_not_changed_is_not_kept_again_and_what_came_back_is(
    settings: Settings, ledger: SqlLedger
) -> None:
    first, second = calibrated(1, 0.9, 0.01), calibrated(2, 0.9, 0.01)
    news = [keep(settings, DEVICE, each)[1] for each in (first, first, second, second, first)]
    assert news == [True, False, True, False, True]
    kept = history(ledger, ledger.store, DEVICE)
    assert [each.digest for each in kept] == [first.digest, second.digest, first.digest]
    assert [each.kept_at for each in kept] == sorted(each.kept_at for each in kept)
    assert history(ledger, ledger.store, "ibm_runtime:practice_torino") == ()


def test_the_drift_is_that_of_the_expected_fidelity(settings: Settings, ledger: SqlLedger) -> None:
    keep(settings, DEVICE, calibrated(1, 0.9, 0.01))
    keep(settings, DEVICE, calibrated(2, 0.8, 0.02))
    before, after = history(ledger, ledger.store, DEVICE)
    # 45 gates of a chain of 10 are five times its nine: (1 - EPLG)^45 = LF^5
    assert before.expected_fidelity == pytest.approx(0.9**5 * 0.99**10)
    assert after.expected_fidelity == pytest.approx(0.8**5 * 0.98**10)
    assert before.drift is None
    assert after.drift == pytest.approx(0.8**5 * 0.98**10 - 0.9**5 * 0.99**10)
    said = after.summary
    assert (said.two_qubit_error, said.readout_error) == (2e-3, 0.02)
    assert said.t1_us == pytest.approx(200.0)
    assert (said.layer_fidelity, said.calibrated_at) == (0.3, "2026-01-02T00:00:00+00:00")


def test_without_layer_fidelities_there_is_no_drift_to_tell(settings: Settings, ledger: SqlLedger) -> None:
    bare = calibrated(1, 0.9, 0.01).model_copy(update={"layer_fidelity": ()})
    keep(settings, DEVICE, bare)
    keep(settings, DEVICE, calibrated(2, 0.9, 0.01))
    first, second = history(ledger, ledger.store, DEVICE)
    assert (first.expected_fidelity, first.drift, second.drift) == (None, None, None)


def test_a_calibration_that_was_changed_in_the_store_is_found_out(
    settings: Settings, ledger: SqlLedger
) -> None:
    digest, _ = keep(settings, DEVICE, calibrated(1, 0.9, 0.01))
    (file,) = [path for path in settings.store.rglob("*") if path.is_file() and digest[4:] in path.name]
    file.chmod(0o644)
    file.write_bytes(b"{}")
    with pytest.raises(CorruptRecord):
        history(ledger, ledger.store, DEVICE)


def test_reading_the_history_imports_neither_prefect_nor_qiskit() -> None:
    code = (
        "import sys, tasks.calibrations, backends.ibm_runtime.devices, backends.ibm_runtime.estimate\n"
        "print(sorted({'prefect', 'qiskit', 'qiskit_ibm_runtime', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_drift_of_a_time_is_from_the_last_before_it_to_the_last_in_it(
    settings: Settings, ledger: SqlLedger
) -> None:
    keep(settings, DEVICE, calibrated(1, 0.9, 0.01))
    since = datetime.now(UTC)
    keep(settings, DEVICE, calibrated(2, 0.85, 0.01))
    keep(settings, DEVICE, calibrated(3, 0.8, 0.02))
    until = datetime.now(UTC)
    keep(settings, DEVICE, calibrated(4, 0.7, 0.02))
    [found] = drifts(ledger, ledger.store, since, until)
    assert (found.device, found.kept, found.calibrated_at) == (DEVICE, 2, "2026-01-03T00:00:00Z")
    # as above: five times a chain of nine, and ten readouts
    assert found.before == pytest.approx(0.9**5 * 0.99**10)
    assert found.now == pytest.approx(0.8**5 * 0.98**10)
    [quiet] = drifts(ledger, ledger.store, datetime.now(UTC), datetime.now(UTC))
    assert (quiet.kept, quiet.before) == (0, quiet.now)
    assert quiet.now == pytest.approx(0.7**5 * 0.98**10)
    [new] = drifts(ledger, ledger.store, datetime(2000, 1, 1, tzinfo=UTC), until)
    assert (new.kept, new.before) == (3, None)
