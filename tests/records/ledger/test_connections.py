"""Connections to PostgreSQL: what the server ended while nobody used it is replaced, and nobody notices."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from escalation.model.case import CaseInfo
from records.ledger import database
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.records.postgresql import USER, emptied


def test_a_connection_that_the_server_ended_is_replaced(
    postgresql: Path, store: FileStore, make_info: Callable[..., CaseInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_S", 0.0)
    ledger = SqlLedger(emptied(postgresql), store)
    try:
        ledger.open_case(make_info())
        with psycopg.connect(host=str(postgresql), user=USER, dbname="postgres", autocommit=True) as other:
            ended = other.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            ).fetchall()
        assert ended == [(True,)]
        assert ledger.case("c").info == make_info()
        ledger.heartbeat("c")
    finally:
        ledger.close()
