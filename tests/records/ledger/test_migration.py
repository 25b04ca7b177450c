"""A ledger of an earlier layout, written by the version that had it, goes on under this one."""

import sqlite3
from pathlib import Path

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.errors import CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.model.submission import Limit, Period
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

DUMP = Path(__file__).parent / "layout_2.sql"


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
