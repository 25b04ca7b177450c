"""Back-ups are taken while cases run, and what is put back fits together."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from escalation.model.amounts import Caps
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.case import CaseStatus
from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.submission import Limit, Period
from records.backup import Backup, back_up, restore
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.records.postgresql import emptied


def answer(case: str) -> Candidate:
    return Candidate({"answer": case}, {"model": Blob(case.encode())})


@contextmanager
def working(url: str, store: FileStore, make_info: Any, make_attempt: Any) -> Iterator[list[str]]:
    """Somebody who opens, attempts and closes one case after the other; yields those that were closed."""
    closed: list[str] = []
    stop = threading.Event()

    def work() -> None:
        ledger = SqlLedger(url, store)
        try:
            while not stop.is_set():
                case = f"case-{len(closed)}"
                ledger.open_case(make_info(case))
                ledger.add_attempt(case, make_attempt(0), answer(case))
                ledger.close_case(case, CaseStatus.HELD, None)
                closed.append(case)
        finally:
            ledger.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield closed
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@dataclass(frozen=True)
class Kept:
    """Records to back up, and where to."""

    ledger: SqlLedger
    url: str
    store: FileStore
    folder: Path

    def back_up(self) -> Backup:
        return back_up(self.url, self.store, self.folder)


@pytest.fixture
def kept(filled: SqlLedger, url: str, tmp_path: Path, make_info: Any, make_attempt: Any) -> Kept:
    filled.open_case(make_info("bytes"))
    filled.add_attempt("bytes", make_attempt(0), Candidate({}, {"model": Blob(b"a model")}))
    filled.close_case("bytes", CaseStatus.HELD, None)
    filled.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=9.0)))
    assert isinstance(filled.store, FileStore)
    return Kept(filled, url, filled.store, tmp_path / "backups")


def anew(tmp_path: Path, name: str = "anew") -> tuple[str, FileStore]:
    """An empty ledger and an empty store."""
    return f"sqlite:///{tmp_path / name / 'ledger.db'}", FileStore(tmp_path / name / "store")


def test_back_ups_taken_while_cases_run_fit_together(
    url: str, store: FileStore, tmp_path: Path, make_info: Any, make_attempt: Any
) -> None:
    folder, made, known = tmp_path / "backups", [], []
    with working(url, store, make_info, make_attempt) as closed:
        for wanted in (1, 4, 8):
            while len(closed) < wanted:
                pass
            known.append(set(closed))
            made.append(back_up(url, store, folder))
    assert [each.events for each in made] == sorted({each.events for each in made})
    for number, (each, then) in enumerate(zip(made, known, strict=True)):
        target, kept = anew(tmp_path, f"anew-{number}")
        done = restore(folder, each.file.name, target, kept)
        assert (done.findings, done.events, done.files) == ((), each.events, each.files)
        ledger = SqlLedger(target, kept)
        cases = {record.info.case_id: record for record in ledger.cases()}
        assert then <= {name for name, record in cases.items() if record.status is CaseStatus.HELD}
        assert ledger.attempts("case-0")[0][1] == answer("case-0")
        ledger.open_case(make_info("case-0"))  # it goes on from there
        ledger.close()


def test_a_ledger_moves_between_databases_as_it_is(kept: Kept, postgresql: Path, tmp_path: Path) -> None:
    kept.ledger.make_checkpoint()
    first = [dict(each) for each in kept.ledger.events()]
    kept.ledger.close()
    kept.back_up()
    there = emptied(postgresql)
    restore(kept.folder, None, there, kept.store)
    back_up(there, kept.store, tmp_path / "again")
    target, store = anew(tmp_path)
    assert restore(tmp_path / "again", None, target, store).findings == ()
    ledger = SqlLedger(target, store)
    assert [dict(each) for each in ledger.events()] == first
    assert [limit.project for limit in ledger.limits()] == ["p"]
    ledger.close()


def test_a_ledger_that_was_put_back_takes_further_events(
    kept: Kept, postgresql: Path, tmp_path: Path, make_info: Any
) -> None:
    kept.ledger.close()
    kept.back_up()
    for target in (emptied(postgresql), anew(tmp_path)[0]):
        restore(kept.folder, None, target, kept.store)
        ledger = SqlLedger(target, kept.store)
        before = len(ledger.events())
        ledger.open_case(make_info("d"))
        assert len(ledger.events()) > before
        assert ledger.findings() == ()
        ledger.close()


def test_bytes_that_the_folder_has_are_not_copied_again(kept: Kept) -> None:
    first, second = kept.back_up(), kept.back_up()
    assert first.copied == first.files > 0
    assert (second.copied, second.files) == (0, first.files)
    found = sorted(path for path in kept.folder.iterdir() if path.suffix == ".db")
    assert found == [first.file, second.file]


def test_nobody_else_can_read_a_back_up(kept: Kept) -> None:
    kept.back_up()
    made = [kept.folder, *kept.folder.rglob("*")]
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_bytes_that_are_missing_leave_no_back_up(kept: Kept) -> None:
    digest = sorted(kept.ledger.digests())[0]
    kept.store.path(digest).unlink()
    with pytest.raises(CorruptRecord, match=digest):
        kept.back_up()
    assert [*kept.folder.glob("*ledger*"), *kept.folder.glob(".ledger*")] == []


def test_a_case_that_ran_is_nobodys_after_it_was_put_back(kept: Kept, tmp_path: Path, make_info: Any) -> None:
    kept.ledger.open_case(make_info("running"))  # held by this process, which lives
    kept.back_up()
    target, store = anew(tmp_path)
    restore(kept.folder, None, target, store)
    other = SqlLedger(target, store)
    assert other.case("running").status is CaseStatus.INTERRUPTED
    other.open_case(make_info("running"))
    other.close()


def test_nothing_is_put_over_a_ledger_that_is_there(kept: Kept) -> None:
    kept.back_up()
    before = kept.ledger.events()
    with pytest.raises(BadInput, match=r"expected an empty ledger at (sqlite:///|postgresql)"):
        restore(kept.folder, None, kept.url, kept.store)
    assert kept.ledger.events() == before
    assert kept.ledger.restored_at() is None


def damaged_row(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE cases SET status = 'accepted'")
    connection.close()


def damaged_bytes(file: Path) -> None:
    path = next((file.parent / "store").glob("??/??/*"))
    path.chmod(0o600)
    path.write_bytes(b"other bytes")


@pytest.mark.parametrize(
    ("damage", "said"), [(damaged_row, "this back-up is damaged"), (damaged_bytes, "expected bytes with")]
)
def test_a_damaged_back_up_is_not_put_back(
    kept: Kept, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(kept.back_up().file)
    target, store = anew(tmp_path)
    with pytest.raises(CorruptRecord, match=said):
        restore(kept.folder, None, target, store)
    ledger = SqlLedger(target, store)
    assert (list(ledger.events()), ledger.restored_at()) == ([], None)
    ledger.close()


def test_a_folder_that_holds_other_things_is_left_alone(kept: Kept) -> None:
    kept.folder.mkdir()
    kept.folder.chmod(0o755)  # whatever the umask
    (kept.folder / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match=r"expected a folder for back-ups alone, got .*, which has thesis.tex"):
        kept.back_up()
    assert [path.name for path in kept.folder.iterdir()] == ["thesis.tex"]
    assert kept.folder.stat().st_mode & 0o777 == 0o755


def test_what_is_not_there_cannot_be_put_back(kept: Kept, tmp_path: Path) -> None:
    target, store = anew(tmp_path)
    with pytest.raises(BadInput, match="as `tierwise backup` makes them, got none"):
        restore(tmp_path / "nowhere", None, target, store)
    made = kept.back_up()
    with pytest.raises(BadInput, match=rf"expected one of {made.file.name} in .*, got ledger.db"):
        restore(kept.folder, "ledger.db", target, store)
    assert not Path(make_url(target).database or "").exists()
