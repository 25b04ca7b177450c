"""Connections to PostgreSQL: what the server ended while nobody used it is replaced, and nobody notices."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from escalation.model.case import CaseInfo
from escalation.model.errors import BadInput
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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:sek@ret@127.0.0.1:port/x",
        "postgresql://u:sek@ret@127.0.0.1:5432/x",
        "postgresql://u:sek@a b/x",
    ],
)
def test_an_address_that_is_none_is_one_line_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match=r"cannot open the ledger .*: expected postgresql://") as refused:
        database.Database(url)
    assert "sek" not in str(refused.value)
    assert "ret@" not in str(refused.value)
