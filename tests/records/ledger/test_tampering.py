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
from escalation.model.submission import Limit, Period, Submission
from escalation.model.submission_states import SubmissionState
from records.ledger import events
from records.ledger.ledger import SqlLedger
from records.ledger.schema import SEALED
from tests.records.conftest import KEY, WORK
from tests.records.ledger.spent import ON_SQLITE, RESET, Sql, authorise

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


@ON_SQLITE
def test_a_rows_last_seal_is_found_by_its_index(paid: SqlLedger) -> None:
    with paid._database.reading() as connection:
        query = str(events._LAST_SEAL.compile(connection))
        plan = [
            str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x", 1, 0))
        ]
    assert plan == ["SEARCH events USING INDEX events_of_row (row_key=?)"]
