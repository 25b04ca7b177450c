"""Checkpoints over the heads of all chains: what is gone since one is found, even where all else fits."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.errors import CorruptRecord
from escalation.model.submission import Limit, Period
from records.ledger import chains, checkpoints
from records.ledger.database import Database
from records.ledger.ledger import SqlLedger
from tests.records.ledger.test_merkle import slow

Info = Callable[..., CaseInfo]
Sql = Callable[..., None]
ON_POSTGRESQL = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
"""Where two can write at once."""


@pytest.fixture
def three(ledger: SqlLedger, make_info: Info) -> SqlLedger:
    """A ledger of three cases, of which the second has money set aside; nothing is sealed yet."""
    for case_id in ("a", "b", "c"):
        ledger.open_case(make_info(case_id))
    assert ledger.reserve(WorkKey("b", 0, 0), Amounts(usd=1), Caps(usd=2))
    return ledger


@pytest.fixture
def owner(sql: Sql, url: str) -> Sql:
    """Does what somebody can do who owns the database."""

    def run(*statements: str) -> None:
        off = [
            f"DROP TRIGGER {table}_no_{verb}" + (f" ON {table}" if url.startswith("postgresql") else "")
            for table in ("events", "leaves")
            for verb in ("update", "delete")
        ]
        sql(*off, *statements)

    return run


def removing(case_id: str) -> list[str]:
    """Takes a case out of every table, with its chain."""
    of_case = [f"DELETE FROM {table} WHERE case_id = '{case_id}'" for table in ("leases", "events", "cases")]
    return [*of_case, f"DELETE FROM heads WHERE chain = '{case_id}'"]


def test_a_checkpoint_has_a_leaf_for_every_chain_in_order_and_the_root_over_them(three: SqlLedger) -> None:
    made = three.make_checkpoint()
    last = {event["chain"]: event for event in three.events()}
    names = ["/money", "a", "b", "c"]
    leaves = [
        json.dumps(
            {"chain": name, "hash": last[name]["hash"], "number": last[name]["number"]}, separators=(",", ":")
        )
        for name in names
    ]
    assert made == (1, 4, slow([leaf.encode() for leaf in leaves]).hex())
    assert three.findings() == ()


def test_the_next_checkpoint_adds_the_chains_that_grew_and_no_other(three: SqlLedger, sql: Sql) -> None:
    three.make_checkpoint()
    assert three.make_checkpoint().number == 1  # nothing grew
    three.link_run("b", "run")
    assert three.make_checkpoint()[:2] == (2, 5)
    events = three.events("/checkpoints")
    assert [event["body"]["leaves"] for event in events] == [4, 5]
    assert three.verify() == len(three.events()) == 4 + 1 + 2
    assert three.findings() == ()


def test_a_case_that_is_removed_since_a_checkpoint_is_found(three: SqlLedger, owner: Sql) -> None:
    three.make_checkpoint()
    owner(*removing("c"))
    [found] = three.findings()
    assert "expected event 1 of chain c with hash " in found
    assert "which a checkpoint saw (leaf 3), got none" in found


def test_a_case_that_is_removed_before_any_checkpoint_is_not(three: SqlLedger, owner: Sql) -> None:
    owner(*removing("c"))
    assert three.findings() == ()  # this is what a chain a case does not show


def test_a_case_with_money_is_missed_without_a_checkpoint_once_others_spent(
    three: SqlLedger, owner: Sql
) -> None:
    assert three.reserve(WorkKey("a", 0, 0), Amounts(usd=1), Caps(usd=2))
    owner("DELETE FROM budgets WHERE case_id = 'b'", *removing("b"))
    assert any("expected event 1 of the chain of money, got event 2" in line for line in three.findings())


@pytest.fixture
def cut(three: SqlLedger, owner: Sql, url: str) -> Callable[[], None]:
    """Takes the last event of a case away and puts head and row back as they were before it."""
    three.make_checkpoint()
    before = three.events("c")[-1]
    three.link_run("c", "run")
    assert [event["number"] for event in three.events("c")] == [1, 2]

    def run(*more: str) -> None:
        owner(
            "DELETE FROM events WHERE chain = 'c' AND number = 2",
            f"UPDATE heads SET number = 1, hash = '{before['hash']}', sealed = true WHERE chain = 'c'",
            "UPDATE cases SET mlflow_run_id = NULL WHERE case_id = 'c'",
            *more,
        )

    return run


def test_an_end_that_is_cut_off_since_a_checkpoint_is_found(three: SqlLedger, cut: Any) -> None:
    three.make_checkpoint()
    cut()
    [found] = three.findings()
    assert "expected event 2 of chain c with hash " in found


def test_an_end_that_is_cut_off_before_the_next_checkpoint_is_not(three: SqlLedger, cut: Any) -> None:
    cut()
    assert three.findings() == ()


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (["DELETE FROM leaves WHERE place = 4"], "expected leaf 4 of the tree of checkpoint 2, got none"),
        (["UPDATE leaves SET number = 1 WHERE place = 4"], "checkpoint 2: expected the root "),
        (
            [
                "DELETE FROM leaves WHERE place = 4",
                "DELETE FROM events WHERE chain = '/checkpoints' AND number = 2",
            ],
            "expected the chain of checkpoints to end at event 1",
        ),
        (
            ["DELETE FROM events WHERE chain = '/checkpoints' AND number = 2"],
            "expected a checkpoint for leaf 4 of the tree, got none",
        ),
    ],
)
def test_who_cuts_an_end_off_and_the_checkpoint_with_it_is_found(
    three: SqlLedger, cut: Any, more: list[str], found: str
) -> None:
    three.make_checkpoint()
    cut(*more)
    assert any(found in line for line in three.findings())


ALL_CHECKPOINTS = [
    "DELETE FROM leaves",
    "DELETE FROM events WHERE chain = '/checkpoints'",
    "DELETE FROM heads WHERE chain = '/checkpoints'",
    "UPDATE heads SET sealed = false",
]
"""Takes every checkpoint away, and every sign of one in heads."""


@pytest.mark.parametrize(
    "later", ["a case is opened", "a case is closed", "money is set aside", "a limit is set"]
)
def test_a_case_that_is_removed_with_all_checkpoints_is_missed_by_what_came_after_the_first_of_them(
    three: SqlLedger, owner: Sql, make_info: Info, later: str
) -> None:
    three.make_checkpoint()
    if later == "a case is opened":
        three.open_case(make_info("d"))
    elif later == "a case is closed":
        three.close_case("a", CaseStatus.FAILED, None)
    elif later == "money is set aside":
        assert three.reserve(WorkKey("a", 0, 0), Amounts(usd=1), Caps(usd=2))
    else:
        three.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=1)))
    owner(*removing("c"), *ALL_CHECKPOINTS)
    assert all("checkpoints are missing, or others" in line for line in three.findings())
    assert "expected event 1 of the chain of checkpoints with hash " in three.findings()[0]
    with pytest.raises(CorruptRecord, match="checkpoints are missing, or others"):
        three.check()


def test_a_case_that_is_removed_with_checkpoints_made_anew_over_what_is_left_is_missed_too(
    three: SqlLedger, owner: Sql
) -> None:
    three.make_checkpoint()
    assert three.reserve(WorkKey("a", 0, 0), Amounts(usd=1), Caps(usd=2))
    owner(*removing("c"), *ALL_CHECKPOINTS)
    assert three.make_checkpoint().number == 1
    assert any("checkpoints are missing, or others" in line for line in three.findings())
    with pytest.raises(CorruptRecord, match="nothing is spent on this ledger"):
        three.check("a")


def test_two_heads_that_were_swapped_are_found(three: SqlLedger, owner: Sql) -> None:
    three.make_checkpoint()
    owner(
        "UPDATE heads SET chain = 'x' WHERE chain = 'a'",
        "UPDATE heads SET chain = 'a' WHERE chain = 'c'",
        "UPDATE heads SET chain = 'c' WHERE chain = 'x'",
    )
    assert [line[:26] for line in three.findings()] == [
        "expected chain a to end at",
        "expected chain c to end at",
    ]


def test_who_writes_makes_a_checkpoint_after_so_many_writes_and_as_it_ends(
    open_ledger: Callable[[], SqlLedger], make_info: Info
) -> None:
    ledger, reader = open_ledger(), open_ledger()
    ledger._database._checkpointing.writes = 3
    made = []
    for case_id in ("a", "b", "c", "d"):
        ledger.open_case(make_info(case_id))
        made.append(len(reader.events("/checkpoints")))
    assert made == [0, 0, 1, 1]
    ledger.close()
    assert [event["body"]["leaves"] for event in reader.events("/checkpoints")] == [3, 4]
    assert reader.findings() == ()


def test_who_writes_makes_a_checkpoint_after_so_long(ledger: SqlLedger, make_info: Info) -> None:
    ledger._database._checkpointing.seconds = 0.0
    ledger.open_case(make_info())
    assert len(ledger.events("/checkpoints")) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # which tells its plan without statistics
def test_the_chains_that_grew_are_found_without_a_look_at_the_others(three: SqlLedger) -> None:
    with three._database.reading() as connection:
        query = str(checkpoints._GREW.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [str(row[-1]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert plan == ["SCAN heads USING INDEX heads_not_sealed"]


@pytest.fixture
def other(url: str) -> Iterator[Database]:
    """Somebody else at the same ledger."""
    database = Database(url)
    yield database
    database.close()


@ON_POSTGRESQL
def test_a_checkpoint_waits_for_nobody_and_takes_what_it_passed_over_next_time(
    three: SqlLedger, other: Database
) -> None:
    with other.writing("b"):
        assert three.make_checkpoint().leaves == 3
    with other.writing(chains.CHECKPOINTS):
        assert three.make_checkpoint().leaves == 3  # somebody else is at it
    assert three.make_checkpoint().leaves == 4
    assert three.findings() == ()


@ON_POSTGRESQL
def test_who_writes_to_one_case_keeps_nobody_waiting_who_writes_to_another(
    three: SqlLedger, other: Database
) -> None:
    with other.writing("a"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(three.reserve, WorkKey("b", 0, 1), Amounts(usd=0.5), Caps(usd=2)).result(30)
        pool.submit(three.close_case, "c", CaseStatus.FAILED, None).result(30)


@ON_POSTGRESQL
def test_who_spends_waits_for_whoever_is_spending(three: SqlLedger, other: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with other.writing(chains.MONEY) as connection:
            late = pool.submit(three.reserve, WorkKey("b", 0, 1), Amounts(usd=0.5), Caps(usd=2))
            chains.append(connection, "", "limit.noted", {})
            assert not late.done()
        assert late.result(30)
    assert [event["kind"] for event in three.events() if event["chain"] == "/money"] == [
        "budget.reserved",
        "limit.noted",
        "budget.reserved",
    ]
