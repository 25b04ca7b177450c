"""A ledger of an earlier layout, written by the version that had it, goes on under this one."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.errors import CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.model.submission import Limit, Period
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

HERE = Path(__file__).parent
DUMP = HERE / "layout_2.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Such a ledger: a case with one piece of settled work, one that is wanted, a bill and a limit."""
    file = tmp_path / "ledger.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
    return file


def test_an_older_ledger_is_brought_up_to_date_with_all_it_holds(old: Path) -> None:
    for _ in range(2):  # and is then as any other
        ledger = SqlLedger(f"sqlite:///{old}", FileStore(old.parent / "store"))
        assert ledger.findings() == ()
        assert ledger.spent("c") == Amounts(usd=0.5)
        assert ledger.limits() == [Limit(project="p", period=Period.DAY, caps=Caps(usd=9.0))]
        assert ledger.case("c").status is CaseStatus.HELD
        ledger.close()
    ledger = SqlLedger(f"sqlite:///{old}", FileStore(old.parent / "store"))
    ledger.open_case(ledger.case("c").info)
    settled = ledger.find_result(WorkKey("c", 0, 0), LocalCall("a:b", {"x": 1}))
    assert settled is not None
    assert settled.values == {"y": 1}
    ledger.settle(WorkKey("c", 0, 1), RawResult(JobState.DONE, {"y": 2}))
    assert ledger.findings() == ()
    ledger.close()


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE intents SET backend = 'other' WHERE ordinal = 0", "intents c/0/0"),
        ("UPDATE limits SET usd = 900", "limits p/day"),
    ],
)
def test_a_row_that_was_changed_in_an_older_ledger_is_not_sealed_by_the_way(
    old: Path, change: str, row: str
) -> None:
    with sqlite3.connect(old) as connection:
        connection.execute(change)
    for _ in range(2):
        with pytest.raises(CorruptRecord, match=f"the row {row} is not as its last event says"):
            SqlLedger(f"sqlite:///{old}", FileStore(old.parent / "store"))


@pytest.fixture
def four(url: str) -> str:
    """A ledger of layout 4: a case with paid work that a person approved, another case, and a device."""
    dump = (HERE / "layout_4.sql").read_text(encoding="utf-8")
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.executescript(dump)
        return url
    tables = re.sub(r",\s*FOREIGN KEY\([^)]*\) REFERENCES \w+ \(\w+\)", "", dump)  # they come in any order
    tables = re.sub(r"CREATE TRIGGER.*?END;", "", tables, flags=re.DOTALL).replace("BOOLEAN", "INTEGER")
    tables = re.sub(r"\bonly\b(?=[ )])", '"only"', tables)  # a word that PostgreSQL reserves
    with psycopg.connect(url) as server:
        server.execute(tables.replace("BEGIN TRANSACTION;", "").replace("COMMIT;", "").encode())
        server.execute("ALTER TABLE leases ALTER held TYPE BOOLEAN USING held <> 0")
    return url


def test_the_one_chain_of_layout_4_is_closed_as_it_is_and_sealed_in_the_new_ones(
    four: str, store: FileStore, open_ledger: Callable[[], SqlLedger]
) -> None:
    dump = (HERE / "layout_4.sql").read_text(encoding="utf-8")
    hashes = re.findall(r"'([0-9a-f]{64})'\);", "".join(re.findall(r'INSERT INTO "events".*', dump)))
    ledger = open_ledger()
    assert ledger.findings() == ()
    old = [event for event in ledger.events() if event["chain"] == "/closed"]
    assert [event["hash"] for event in old] == hashes
    closed, checkpoint = ledger.events("/checkpoints")
    assert closed["body"] == {"layout": 4, "number": len(hashes), "hash": hashes[-1]}
    assert checkpoint["body"]["leaves"] == 1
    assert [event["kind"] for event in ledger.events("device/aer")] == ["calibration.kept"]


def test_cases_go_on_in_their_own_chains_after_the_closed_one(
    four: str, open_ledger: Callable[[], SqlLedger], make_info: Callable[..., CaseInfo]
) -> None:
    ledger = open_ledger()
    for case_id in ("c", "d", "new"):
        ledger.open_case(make_info(case_id))
    assert ledger.reserve(WorkKey("c", 0, 2), Amounts(usd=1), Caps(usd=9))
    row = ledger.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    ledger.move(row, SubmissionState.CANCELLED, 1100.0)
    for case_id in ("c", "d"):
        ledger.check(case_id)
    assert ledger.findings() == ()
    assert [record.info.case_id for record in ledger.cases()] == ["new", "d", "c"]
    assert [event["chain"] for event in ledger.events("c")][-4:] == ["c", "/money", "c", "/money"]
    assert {event["number"] for event in ledger.events("new")} == {1}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE events SET at = '2020' WHERE number = 3", "event 3 of the closed chain: expected hash"),
        ("DELETE FROM events WHERE number = 5", "expected event 5 of the closed chain, got event 6"),
        ("UPDATE budgets SET spent = '{}'", "expected the row budgets"),
        ("UPDATE chain SET number = 2", "expected the closed chain to end at event"),
    ],
)
def test_what_was_changed_in_the_closed_chain_stays_found_and_nothing_is_spent_on_it(
    four: str, open_ledger: Callable[[], SqlLedger], sql: Callable[..., None], change: str, found: str
) -> None:
    sql("DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", change)
    ledger = open_ledger()
    assert any(found in line for line in ledger.findings())
    with pytest.raises(CorruptRecord, match=found):
        ledger.check("c")
