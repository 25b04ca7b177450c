"""The nightly audit fails its run where something was changed, and says what."""

import json
import sqlite3
from typing import Any

import pytest
from prefect.artifacts import Artifact

from escalation.model.amounts import Caps
from escalation.model.submission import Limit, Period
from escalation.ports.configuration import settings
from flows.audit import audit
from records.recheck.log import audits
from records.runtime import open_records

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def test_a_changed_limit_fails_the_run_and_is_named(on_server: Any) -> None:
    with open_records() as (ledger, _):
        ledger.set_limit(Limit(project="audited", period=Period.DAY, caps=Caps(usd=5.0)))
    assert audit(return_state=True).is_completed()
    with sqlite3.connect(settings().home / "ledger.db") as connection:
        connection.execute(
            "UPDATE limits SET caps = replace(caps, '5.0', '5000.0') WHERE project = 'audited'"
        )
    try:
        state = audit(return_state=True)
        assert state.is_failed()
        assert "expected the row limits audited/day to have" in (state.message or "")
        table: Any = Artifact.get("audit")
        [row] = json.loads(table.data)
        assert "limits audited/day" in row["finding"]
        with open_records() as (ledger, _):
            good, bad = audits(ledger)[-2:]
        assert (good.total, good.findings) == (0, ())
        assert bad.total == 1
        assert "limits audited/day" in bad.findings[0]
    finally:
        with sqlite3.connect(settings().home / "ledger.db") as connection:
            connection.execute(
                "UPDATE limits SET caps = replace(caps, '5000.0', '5.0') WHERE project = 'audited'"
            )
