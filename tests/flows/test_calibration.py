"""Calibrations are kept once, by content."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from prefect import flow
from prefect.artifacts import Artifact

from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.calibration import Calibration
from escalation.policy.policy import load_policy
from escalation.ports.configuration import settings
from flows.calibration import calibration, configured_devices, is_nowhere
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

DEVICE = "ibm_runtime:fake_fez"


@pytest.fixture
def ledger(on_server: Any) -> Iterator[SqlLedger]:
    ledger = SqlLedger(settings().ledger, FileStore(settings().store))
    yield ledger
    ledger.close()


def test_a_calibration_is_kept_once_and_what_cannot_be_read_is_named(ledger: SqlLedger) -> None:
    first, ideal, unknown = calibration([DEVICE, "aer", "nix:ibm_atlantis"])
    assert first.digest is not None
    assert first.new
    assert (ideal.digest, ideal.note) == (None, "has no calibration")
    assert unknown.note.startswith("unknown backend 'nix'")
    kept = Calibration.model_validate(json.loads(ledger.store.get(first.digest)))
    assert kept.digest == first.digest
    assert kept.num_qubits == 156  # IBM's Heron r2, as IBM states it
    (again,) = calibration([DEVICE])
    assert (again.digest, again.new) == (first.digest, False)
    (event,) = ledger.events(f"device/{DEVICE}")
    assert event["body"]["calibration"] == first.digest
    assert ledger.verify() > 0
    table: Any = Artifact.get("calibrations")
    assert [row["note"] for row in json.loads(table.data)] == ["unchanged"]


@pytest.mark.parametrize(
    ("device", "url", "nowhere"),
    [
        ("ibm_runtime:practice_boston", None, True),
        ("ibm_runtime:practice_boston", "http://127.0.0.1:1", False),
        (DEVICE, None, False),
        ("ibm_runtime:ibm_boston", None, False),
        ("nix:ibm_atlantis", None, False),
    ],
)
def test_a_practice_device_is_left_out_where_no_service_is_named(
    device: str, url: str | None, nowhere: bool
) -> None:
    assert is_nowhere(device, Settings().having(IbmSettings(ibm_url=url))) is nowhere


def test_the_configured_devices_are_those_of_the_policies_that_ship(on_server: Any) -> None:
    device = load_policy("default").policy.backends["circuit_batch"]
    assert device in flow(configured_devices)()
