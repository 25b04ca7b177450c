"""A row changed behind the ledger's back is found in every column, and nothing is built upon it."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Float, Integer, Table, create_engine, select, text, update

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.errors import CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import Limit, Period, Submission, Verdict
from escalation.model.submission_states import SubmissionState
from records.ledger import events, past, walk
from records.ledger.ledger import SqlLedger
from records.ledger.schema import SEALED
from tests.records.conftest import KEY, WORK

Sql = Callable[..., None]
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where the database makes no difference."""
CELLS = [(table, column.name) for table in SEALED for column in table.columns if not column.primary_key]
KEYS = [(table, column.name) for table in SEALED for column in table.primary_key]


def other(table: Table, column: str) -> str:
    """SQL of another value of the column's type."""
    kind = table.c[column].type
    if isinstance(kind, Integer):
        return f"{column} + 1000"
    if isinstance(kind, Float):
        return f"coalesce({column}, 0) + 1"
    if table.c[column].type.length is None:  # type: ignore[attr-defined]  # JSON: the same data, other bytes
        return f"replace(coalesce({column}, 'null'), '{{', '{{ ') || ' '"
    return f"'x' || substr(coalesce({column}, ''), 2)"


def test_every_cell_of_every_table_is_sealed(paid: SqlLedger, url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    for table, column in CELLS:
        with engine.begin() as connection:
            before = connection.execute(select(table)).mappings().all()
            connection.execute(text(f"UPDATE {table.name} SET {column} = {other(table, column)}"))
        found = [each for each in paid.findings() if "the limits count" not in each]
        assert found, (table.name, column)
        assert all(f"expected the row {table.name} " in each for each in found)
        with engine.begin() as connection:
            for row in before:
                mine = [each == row[each.name] for each in table.primary_key]
                connection.execute(update(table).where(*mine).values({column: row[column]}))
        assert paid.findings() == ()
    engine.dispose()


@ON_SQLITE
@pytest.mark.parametrize(("table", "column"), KEYS, ids=lambda each: getattr(each, "name", each))
def test_a_row_under_another_key_is_found_and_so_is_the_one_that_is_missing(
    paid: SqlLedger, sql: Sql, table: Table, column: str
) -> None:
    sql(f"UPDATE {table.name} SET {column} = {other(table, column)}")
    found = "\n".join(paid.findings())
    assert f"expected an event for the row {table.name} " in found
    assert f"expected the row {table.name} " in found
    assert "got none" in found


def authorise(ledger: SqlLedger, row: Submission, question: Any) -> tuple[Any, Submission]:
    return ledger.authorise(row, question, Caps(), "p", 1060.0)


RESET = tuple(
    f"UPDATE {table} SET state = '{after}', "
    f'{column} = replace({column}, \'"state":"{before}"\', \'"state":"{after}"\') '
    f"WHERE state = '{before}'"
    for table, column, before, after in (
        ("approvals", "approval", "used", "granted"),
        ("handoffs", "handoff", "authorised", "asked"),
    )
)
"""What makes a used approval look unused, and its work unsent."""


@pytest.fixture
def used(paid: SqlLedger, make_question: Any) -> Submission:
    """A submission whose approval was used up; the row as it was before."""
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    assert authorise(paid, row, make_question(row))[0].verdict is Verdict.GRANTED
    return row


def test_a_used_approval_that_was_set_back_is_not_spent_again(
    paid: SqlLedger, used: Submission, make_question: Any, sql: Sql
) -> None:
    sql(*RESET)
    before = len(paid.events())
    row = paid.find_submission(used.key)
    assert row is not None
    assert (row.state, paid.approvals("c")[0].state) == (SubmissionState.ASKED, "granted")
    with pytest.raises(CorruptRecord, match="expected the row handoffs c/0/1 to have SHA-256"):
        authorise(paid, row, make_question(row))
    assert len(paid.events()) == before  # and nothing was sealed anew
    with pytest.raises(CorruptRecord, match="nothing is spent on this ledger"):
        paid.check()


WRITES: dict[str, tuple[str, Callable[[SqlLedger], Any]]] = {
    "approvals c/q0": (
        "UPDATE approvals SET approval = replace(approval, 'granted', 'asked'), state = 'asked'",
        lambda it: it.answer("q0", granted=True, by="Eve", reason="", now=1003.0),
    ),
    "limits p/day": (
        "UPDATE limits SET caps = '{}'",
        lambda it: it.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(qpu_s=1.0))),
    ),
    "budgets c/0/0": (
        "UPDATE budgets SET project = 'q' WHERE ordinal = 0",
        lambda it: it.spend(KEY, Amounts(usd=0.25)),
    ),
    "handoffs c/0/1": (
        "UPDATE handoffs SET handoff = replace(handoff, '4.8', '480.8')",
        lambda it: it.move(it.submissions()[0], SubmissionState.CANCELLED, 1003.0),
    ),
    "cases c": (
        "UPDATE cases SET opened_at = '2020'",
        lambda it: it.close_case("c", CaseStatus.FAILED, None),
    ),
    "intents c/0/0": (
        "UPDATE intents SET result = NULL, state = 'wanted'",
        lambda it: it.settle(KEY, RawResult(JobState.DONE, {"y": 2})),
    ),
}
"""By row: what is done to it, and an honest write of it."""


@ON_SQLITE
@pytest.mark.parametrize("row", WRITES)
def test_no_honest_write_seals_what_was_changed_behind_its_back(paid: SqlLedger, sql: Sql, row: str) -> None:
    statement, write = WRITES[row]
    sql(statement)
    with pytest.raises(CorruptRecord, match=f"expected the row {row} to have .* behind the ledger's back"):
        write(paid)
    assert any(f"expected the row {row} " in each for each in paid.findings())


@ON_SQLITE
@pytest.mark.parametrize(
    ("row", "statement", "write"),
    [
        ("budgets c/0/0", "DELETE FROM budgets", lambda it: it.reserve(KEY, Amounts(usd=1), Caps(usd=2))),
        (
            "limits p/day",
            "DELETE FROM limits",
            lambda it: it.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=99.0))),
        ),
        (
            "handoffs c/0/1",
            "DELETE FROM handoffs",
            lambda it: it.want_submission(WorkKey("c", 0, 1), "w", "m", 1.0),
        ),
        ("intents c/0/0", "DELETE FROM intents", lambda it: it.intend(KEY, WORK, "local")),
    ],
)
def test_what_was_deleted_is_not_written_again_as_if_it_had_never_been(
    paid: SqlLedger, sql: Sql, row: str, statement: str, write: Callable[[SqlLedger], Any]
) -> None:
    sql(statement)
    with pytest.raises(CorruptRecord, match=rf"expected the row {row} that event \d+ of .* wrote, got none"):
        write(paid)


@ON_SQLITE
def test_nothing_is_spent_while_any_row_is_wrong(paid: SqlLedger, sql: Sql, make_question: Any) -> None:
    sql("UPDATE decisions SET decision = replace(decision, 'next', 'x')")
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    with pytest.raises(CorruptRecord, match="decisions c/0") as error:
        authorise(paid, row, make_question(row))
    assert "\n" not in str(error.value)
    assert paid.spending("p", Period.TOTAL, 0.0)[0] == Amounts()


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A program that seals whatever it finds, as this one did once."""
    for module in (events, walk):
        monkeypatch.setattr(module, "check", lambda *_: None)
    return monkeypatch


def test_tampering_that_was_sealed_is_found_in_the_history(
    paid: SqlLedger, used: Submission, make_question: Any, sql: Sql, careless: pytest.MonkeyPatch
) -> None:
    sql(*RESET)
    row = paid.find_submission(used.key)
    assert row is not None
    assert authorise(paid, row, make_question(row))[0].verdict is Verdict.GRANTED
    careless.undo()
    assert paid.verify() == len(paid.events())  # every hash fits
    found = paid.findings()
    assert any("approval q0 was used after it was used" in each for each in found)
    assert any("was authorised, and is said to have been asked" in each for each in found)
    with pytest.raises(CorruptRecord, match="approval q0 was used after it was used"):
        paid.check()


@ON_SQLITE
def test_an_approval_that_nobody_granted_is_found_in_the_history(
    paid: SqlLedger, make_question: Any, sql: Sql, careless: pytest.MonkeyPatch, freeze: Any
) -> None:
    row = freeze(paid, 2)
    _, row = paid.authorise(row, make_question(row, 7), Caps(), "q", 1001.0)
    sql(
        "UPDATE approvals SET state = 'granted', approval = replace(approval, '\"state\":\"asked\"', "
        "'\"state\":\"granted\"') WHERE approval_id = 'q7'"
    )
    assert paid.authorise(row, make_question(row, 8), Caps(), "q", 1002.0)[0].verdict is Verdict.GRANTED
    careless.undo()
    assert ["approval q7 was used after it was asked" in each for each in paid.findings()] == [True]


@ON_SQLITE
def test_a_bill_of_what_was_never_sent_is_found_in_the_history(paid: SqlLedger) -> None:
    paid.spend(WorkKey("c", 0, 1), Amounts(usd=3.0))  # no hash is wrong, and yet
    [found] = paid.findings()
    assert "work c/0/1 was billed, and its submission is asked" in found


@ON_SQLITE
def test_a_submission_that_skipped_a_state_is_found_in_the_history(
    paid: SqlLedger, sql: Sql, careless: pytest.MonkeyPatch
) -> None:
    sql(
        "UPDATE handoffs SET state = 'fenced', handoff = replace(handoff, '\"state\":\"asked\"', "
        '\'"state":"fenced"\')'
    )
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    paid.move(row, SubmissionState.SENDING, 1003.0)
    careless.undo()
    [found] = paid.findings()
    assert "submission c/0/1 was asked, and is said to have been fenced" in found


@pytest.fixture
def another(paid: SqlLedger, used: Submission, make_question: Any, freeze: Any) -> Callable[[], Any]:
    """Asks for another piece of work, for which there is no room; this process walked the ledger before."""
    row = freeze(paid, 2)
    return lambda: authorise(paid, row, make_question(row, 7))[0].verdict


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE events SET body = replace(body, 'order', 'other') WHERE chain = 'c' AND number = 2",
            "event 2 of chain c: expected hash",
        ),
        (
            "UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE chain = '/money' AND number = 5",
            "event 5 of the chain of money: expected hash",
        ),
        ("DELETE FROM events WHERE chain = 'c' AND number = 6", "expected event 6 of chain c, got event 7"),
        (
            "DELETE FROM events WHERE chain = '/money' AND number = 3",
            "expected event 3 of the chain of money",
        ),
        ("UPDATE heads SET hash = 'x' WHERE chain = 'c'", "expected chain c to end at event"),
        ("UPDATE heads SET hash = 'x' WHERE chain = '/money'", "expected the chain of money to end at event"),
    ],
)
def test_an_event_that_was_found_right_and_changed_since_is_found_before_anything_is_spent(
    another: Callable[[], Any], sql: Sql, change: str, found: str
) -> None:
    sql("DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", change)
    with pytest.raises(CorruptRecord, match=found):
        another()


@ON_SQLITE
def test_an_event_of_the_same_meaning_in_other_letters_is_found_before_anything_is_spent(
    another: Callable[[], Any], sql: Sql
) -> None:
    sql(
        "DROP TRIGGER events_no_update",
        "UPDATE events SET body = ' ' || body WHERE chain = 'c' AND number = 2",
    )
    with pytest.raises(CorruptRecord, match="event 2 of chain c: expected hash"):
        another()


@ON_SQLITE
def test_a_history_that_cannot_have_happened_is_found_when_only_its_end_is_new(
    paid: SqlLedger, another: Callable[[], Any], make_question: Any, sql: Sql, careless: pytest.MonkeyPatch
) -> None:
    sql(*RESET)
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    assert authorise(paid, row, make_question(row))[0].verdict is Verdict.GRANTED
    careless.undo()
    for _ in range(2):  # what was wrong once is not taken for walked
        with pytest.raises(CorruptRecord, match="approval q0 was used after it was used"):
            another()


@ON_SQLITE
def test_what_this_process_walked_is_not_walked_again_but_at_an_opening(
    paid: SqlLedger, another: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[str] = []
    follow = past.event

    def spy(so_far: Any, case_id: str, kind: str, body: Any) -> Any:
        walked.append(kind)
        return follow(so_far, case_id, kind, body)

    monkeypatch.setattr(past, "event", spy)
    another()
    assert walked == [each["kind"] for each in paid.events()][17:-1]
    walked.clear()
    paid.check()
    assert sorted(walked) == sorted(each["kind"] for each in paid.events())


def test_a_whole_honest_life_has_nothing_to_find(paid: SqlLedger, reach: Any) -> None:
    paid.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=900.0)))
    for ordinal, state in enumerate(SubmissionState, start=10):
        reach(paid, state, ordinal)
    assert paid.findings() == ()
    paid.check()


@ON_SQLITE
def test_text_in_an_event_that_looks_like_a_seal_is_none(paid: SqlLedger) -> None:
    fake = json.dumps({"key": ["c", 0, 0], "table": "budgets"})[1:-1].replace(" ", "")
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    paid.amend(row, reason=fake)
    paid.spend(KEY, Amounts(usd=0.25))
    assert paid.verify() == len(paid.events())


@pytest.fixture
def owner(sql: Sql, url: str) -> Sql:
    """Does what somebody can do who owns the database: change events too."""
    on = " ON events" if url.startswith("postgresql") else ""
    return lambda *statements: sql(f"DROP TRIGGER IF EXISTS events_no_update{on}", *statements)


HIDING = {
    "a space": "body = replace(body, '\"key\":[', '\"key\": [')",
    "another row": "row_key = 'x'",
    "no row": "row_key = NULL",
    "another place": "position = position - 10000",
}
"""What may keep a row's last seal out of sight while the hash of its event, over what it means, fits."""


def of_limits(ledger: SqlLedger) -> list[int]:
    return [event["number"] for event in ledger.events() if event["kind"] == "limit.set"]


@pytest.mark.parametrize("put_back", [False, True], ids=["left", "put back"])
@pytest.mark.parametrize("how", HIDING)
def test_a_row_that_was_set_back_to_a_seal_before_is_found_after_an_honest_write_too(
    paid: SqlLedger, owner: Sql, url: str, how: str, put_back: bool
) -> None:
    def limit(usd: float) -> None:
        paid.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=usd)))

    limit(1.0)
    last = of_limits(paid)[-1]
    event = f"chain = '/money' AND number = {last}"
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        text_, key, place = connection.execute(
            text(f"SELECT body, row_key, position FROM events WHERE {event}")
        ).one()
    owner(
        "UPDATE limits SET caps = replace(caps, '\"usd\"\\:1.0', '\"usd\"\\:9.0')",
        f"UPDATE events SET {HIDING[how]} WHERE {event}".replace(":", "\\:"),
    )
    assert paid.findings()
    with suppress(CorruptRecord):
        limit(2.0)
    if put_back:
        with engine.begin() as connection:
            later = f"chain = '/money' AND number > {last}"
            connection.execute(text(f"UPDATE events SET position = position + 10 WHERE {later}"))
            connection.execute(
                text(f"UPDATE events SET body = :b, row_key = :k, position = :p WHERE {event}"),
                {"b": text_, "k": key, "p": place},
            )
    assert any("money" in each for each in paid.findings())
    with pytest.raises(CorruptRecord, match="nothing is spent on this ledger"):
        paid.check()
    engine.dispose()


@pytest.mark.parametrize(
    "names",
    [("Lab", "lab"), ("%", "a%", "ab"), ("a_b", "axb"), ("'\"\\", '"'), ("\u00e9", "e\u0301", "\u00c9")],
)
def test_projects_whose_names_nearly_agree_have_limits_of_their_own(
    ledger: SqlLedger, names: tuple[str, ...]
) -> None:
    for usd in (1.0, 2.0):
        for name in names:
            ledger.set_limit(Limit(project=name, period=Period.TOTAL, caps=Caps(usd=usd)))
    assert ledger.findings() == ()
    assert sorted(limit.project for limit in ledger.limits()) == sorted(names)


def test_a_case_that_is_closed_twice_or_taken_up_as_what_it_was_not_is_found_in_the_history() -> None:
    def told(*steps: tuple[str, dict[str, str]]) -> list[str]:
        so_far = past.Past()
        return [said for kind, body in steps for said in past.event(so_far, "c", kind, body)]

    opened: tuple[str, dict[str, str]] = ("case.opened", {})
    running = ("case.resumed", {"was": "running"})
    held, accepted = ("case.closed", {"status": "held"}), ("case.closed", {"status": "accepted"})
    assert told(opened, held, ("case.resumed", {"was": "held"}), running, accepted) == []
    assert told(opened, held, accepted) == ["the case was closed, and it was held, not running"]
    [found] = told(opened, held, running)
    assert found == "the case was taken up again as running, and it was held"


@ON_SQLITE
def test_a_rows_last_seal_is_found_by_its_index(paid: SqlLedger) -> None:
    with paid._database.reading() as connection:
        query = str(events._LAST_SEAL.compile(connection))
        plan = [
            str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x", 1, 0))
        ]
    assert plan == ["SEARCH events USING INDEX events_of_row (row_key=?)"]


def test_work_that_nobody_wanted_or_that_goes_on_after_its_result_is_found_in_the_history() -> None:
    def told(*verbs: str) -> list[str]:
        so_far, key = past.Past(), {"attempt": 0, "ordinal": 1}
        return [said for verb in verbs for said in past.event(so_far, "c", f"work.{verb}", key)]

    assert told("wanted", "submitted", "lost", "submitted", "wanted", "refused", "settled", "migrated") == []
    assert told("settled") == ["work c/0/1 was settled, and was never wanted"]
    assert told("wanted", "settled", "submitted") == ["work c/0/1 was submitted after it was settled"]
    assert told("wanted", "settled", "settled") == ["work c/0/1 was settled after it was settled"]
