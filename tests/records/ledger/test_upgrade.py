"""A running site is upgraded: nobody changes a ledger under processes of the version before."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from escalation.model.case import CaseStatus
from escalation.model.errors import BadInput
from records.ledger import migration, schema
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

RUNS = """
import json, sys
from pathlib import Path
from escalation.model.case import CaseInfo, CaseStatus
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
url, store, info = sys.argv[1:]
ledger = SqlLedger(url, FileStore(Path(store)))
ledger.open_case(CaseInfo.model_validate(json.loads(info)))
print("runs", flush=True)
sys.stdin.readline()
ledger.close_case("c", CaseStatus.HELD, None)
ledger.close()
print("ended", flush=True)
"""
Sql = Callable[..., None]


@pytest.fixture
def runs(url: str, store: FileStore, spawn: Any, make_info: Any) -> Callable[[], Any]:
    """Starts a process that runs a case until it reads a line."""

    def start() -> Any:
        process = spawn(RUNS, url, store.folder, make_info().model_dump_json())
        assert process.stdout.readline() == "runs\n"
        return process

    return start


@pytest.fixture
def migrated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The layouts that were brought up to date, by a stand-in that says so in the ledger and does no more."""
    found: list[int] = []

    def migrate(connection: Connection, layout: int) -> None:
        found.append(layout)
        connection.execute(text(f"UPDATE chain SET layout = {schema.VERSION}"))

    monkeypatch.setattr(migration, "migrate", migrate)
    monkeypatch.setattr(migration, "BEFORE", (*migration.BEFORE, schema.VERSION - 1))
    return found


def test_a_ledger_stays_as_it_is_while_a_process_of_the_version_before_runs_a_case(
    url: str, store: FileStore, sql: Sql, runs: Any, migrated: list[int]
) -> None:
    process = runs()
    sql("UPDATE chain SET layout = layout - 1")
    with pytest.raises(BadInput) as refused:
        SqlLedger(url, store)
    assert str(refused.value).startswith(
        f"expected no case to run while the ledger goes from layout {schema.VERSION - 1} to "
        f"{schema.VERSION}, got c, which process {process.pid} on "
    )
    assert "\n" not in str(refused.value)
    assert migrated == []
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ended\n", process.stderr.read()  # nothing was changed under it
    ledger = SqlLedger(url, store)
    assert migrated == [schema.VERSION - 1]
    assert ledger.case("c").status is CaseStatus.HELD
    ledger.close()


def test_a_killed_process_of_the_version_before_holds_nobody_up(
    url: str, store: FileStore, sql: Sql, runs: Any, migrated: list[int]
) -> None:
    process = runs()
    process.kill()
    process.wait()
    sql("UPDATE chain SET layout = layout - 1")
    SqlLedger(url, store).close()
    assert migrated == [schema.VERSION - 1]


def test_processes_that_start_at_once_bring_a_ledger_up_to_date_once(
    ledger: SqlLedger, url: str, store: FileStore, sql: Sql, migrated: list[int]
) -> None:
    ledger.close()
    sql("UPDATE chain SET layout = layout - 1")
    threads = [threading.Thread(target=lambda: SqlLedger(url, store).close()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert migrated == [schema.VERSION - 1]


def test_the_version_before_refuses_the_new_layout_in_a_line(
    ledger: SqlLedger, url: str, store: FileStore, sql: Sql
) -> None:
    ledger.close()
    sql("UPDATE chain SET layout = layout + 1")
    with pytest.raises(
        BadInput,
        match=rf"^expected a ledger of layout {schema.VERSION}, got {schema.VERSION + 1}: use the .*$",
    ):
        SqlLedger(url, store)
