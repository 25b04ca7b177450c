"""What is no ledger, or cannot be reached, is said in one line without secrets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from records.ledger.ledger import SqlLedger
from records.ledger.schema import VERSION
from records.store.files import FileStore

Sql = Callable[..., None]


@pytest.mark.parametrize(
    "bad",
    [
        *("no url at all", "nosuchdb://x", "sqlite://", "postgresql+nodriver://user:secret@h/d"),
        "postgresql+nodriver://h/d?user=u&password=secret",
    ],
)
def test_a_url_that_leads_nowhere_is_one_clear_line_without_secrets(store: FileStore, bad: str) -> None:
    with pytest.raises(BadInput, match="cannot open the ledger") as caught:
        SqlLedger(bad, store)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_bad_input(tmp_path: Path, store: FileStore) -> None:
    (tmp_path / "notes.db").write_text("notes, no database, and long enough to be looked at\n" * 20)
    with pytest.raises(BadInput, match=r"cannot open the ledger .*not a database"):
        SqlLedger(f"sqlite:///{tmp_path / 'notes.db'}", store)


def test_a_postgresql_server_that_is_not_there_is_one_clear_line_without_secrets(
    store: FileStore, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"cannot open the ledger postgresql://u:\*\*\*@/d") as caught:
        SqlLedger(f"postgresql://u:secret@/d?host={tmp_path}", store)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_ledger_of_another_layout_is_bad_input(
    ledger: SqlLedger, url: str, sql: Sql, store: FileStore
) -> None:
    ledger.close()
    sql("UPDATE chain SET layout = 99")
    with pytest.raises(BadInput, match=f"expected a ledger of layout {VERSION}, got 99"):
        SqlLedger(url, store)
