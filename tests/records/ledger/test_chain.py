"""The chain of events notices every change made behind the ledger's back."""

import hashlib
import json
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, WorkKey
from escalation.model.errors import CorruptRecord
from records.ledger.ledger import SqlLedger


@pytest.fixture
def tamper(sql: Callable[..., None], url: str) -> Callable[..., None]:
    """Does what somebody can do who owns the database."""
    of = " ON events" if url.startswith("postgresql") else ""

    def run(*statements: str) -> None:
        sql(f"DROP TRIGGER events_no_update{of}", f"DROP TRIGGER events_no_delete{of}", *statements)

    return run


def test_an_untouched_ledger_verifies_and_counts_its_events(filled: SqlLedger) -> None:
    assert filled.verify() == len(filled.events()) == 10


def test_an_empty_ledger_verifies(ledger: SqlLedger) -> None:
    assert ledger.verify() == 0


def test_every_hash_is_the_sha_256_of_the_event_and_the_hash_before_it(filled: SqlLedger) -> None:
    heads = {"c": (0, "0" * 64), "/money": (0, "0" * 64)}
    for event in filled.events():
        number, previous = heads[event["chain"]]
        named = {name: event[name] for name in ("previous", "number", "at", "case_id", "kind", "body")}
        assert (event["previous"], event["number"]) == (previous, number + 1)
        canonical = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert event["hash"] == hashlib.sha256(canonical.encode()).hexdigest()
        heads[event["chain"]] = (event["number"], event["hash"])
    assert {chain: number for chain, (number, _) in heads.items()} == {"c": 8, "/money": 2}


def test_what_changes_money_is_in_one_chain_and_names_the_head_of_its_cases_chain(
    filled: SqlLedger, make_info: Callable[..., CaseInfo]
) -> None:
    filled.open_case(make_info("d"))
    assert filled.reserve(WorkKey("d", 0, 0), Amounts(usd=1), Caps(usd=2))
    by_hash = {event["hash"]: event for event in filled.events()}
    money = [event for event in filled.events() if event["chain"] == "/money"]
    assert [event["case_id"] for event in money] == ["c", "c", "d"]
    heads = [by_hash[event["body"]["case"][1]] for event in money]
    assert [(head["chain"], head["kind"]) for head in heads] == [
        ("c", "work.wanted"),
        ("c", "work.submitted"),
        ("d", "case.opened"),
    ]


@pytest.mark.parametrize("statement", ["UPDATE events SET kind = 'x'", "DELETE FROM events WHERE number = 1"])
def test_the_database_itself_refuses_to_change_events(
    filled: SqlLedger, sql: Callable[..., None], statement: str
) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        sql(statement)
    assert filled.verify() == 10


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            ["UPDATE events SET body = replace(body, 'order', 'other') WHERE chain = 'c' AND number = 2"],
            "event 2 of chain c: expected",
        ),
        (
            ["UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE chain = 'c' AND number = 3"],
            "event 3 of chain c: expected",
        ),
        (
            ["UPDATE events SET body = 'no json' WHERE chain = 'c' AND number = 4"],
            "event 4 of chain c: its body is not JSON",
        ),
        (
            ["DELETE FROM events WHERE chain = 'c' AND number = 6"],
            "expected event 6 of chain c, got event 7: events are missing",
        ),
        (
            ["DELETE FROM events WHERE chain = 'c' AND number = 4"],
            "event 2 of the chain of money came after event 4 of chain c with hash .*, got it after event 3",
        ),
        (
            ["DELETE FROM events WHERE chain = '/money' AND number = 1"],
            "expected event 1 of the chain of money, got event 2",
        ),
        (
            ["UPDATE events SET position = position + 100 WHERE chain = '/money' AND number = 1"],
            "event 1 of the chain of money is about c, and is not in its place among what happened to it",
        ),
        (["UPDATE events SET chain = 'd' WHERE chain = 'c'"], "in chain c"),
        (["UPDATE heads SET chain = 'd' WHERE chain = 'c'"], "expected chain c to end at event 8"),
        (["UPDATE heads SET sealed = true WHERE chain = 'c'"], "expected a checkpoint of event 8 of chain c"),
        (["DELETE FROM events WHERE chain = 'c' AND number = 8"], "expected chain c to end at event 7"),
        (["DELETE FROM events"], "expected the chain of money to end at event 0"),
        (
            ["DELETE FROM events WHERE chain = 'c'"],
            "event 1 of the chain of money came after event 3 of chain c",
        ),
        (
            [
                "UPDATE events SET number = 99 WHERE chain = 'c' AND number = 6",
                "UPDATE events SET number = 6 WHERE chain = 'c' AND number = 7",
                "UPDATE events SET number = 7 WHERE number = 99",
            ],
            "expected event 6 of chain c, got event 7",
        ),
        (
            [
                "DELETE FROM events WHERE chain = 'c' AND number = 8",
                "UPDATE heads SET number = 7, hash = (SELECT hash FROM events WHERE number = 7) "
                "WHERE chain = 'c'",
            ],
            "expected the row cases c to have SHA-256 .* as event 7 of chain c says",
        ),
        (
            ["UPDATE decisions SET decision = replace(decision, 'next', 'x')"],
            "expected the row decisions c/0",
        ),
        (["UPDATE attempts SET attempt = replace(attempt, '0.5', '0.9')"], "expected the row attempts c/0"),
        (["UPDATE attempts SET candidate = NULL"], "expected the row attempts c/0"),
        (["UPDATE intents SET result = replace(result, '1', '2')"], "expected the row intents c/0/0"),
        (["UPDATE budgets SET spent = replace(spent, '0.5', '0.0')"], "expected the row budgets c/0/0"),
        (["UPDATE cases SET status = 'accepted'"], "expected the row cases c to have"),
        (["DELETE FROM decisions"], "expected the row decisions c/0 that event 2 of chain c wrote, got none"),
        (
            ["INSERT INTO decisions SELECT case_id, 7, decision FROM decisions"],
            "expected an event for the row decisions c/7",
        ),
    ],
)
def test_tampering_is_found_and_named(
    filled: SqlLedger, tamper: Callable[..., None], statements: list[str], message: str
) -> None:
    tamper(*statements)
    with pytest.raises(CorruptRecord, match=message):
        filled.verify()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE handoffs SET state = 'authorised'", "expected the row handoffs c/0/1 to have"),
        (
            "UPDATE handoffs SET handoff = replace(handoff, '4.8', '0.8')",
            "expected the row handoffs c/0/1 to have",
        ),
        ("UPDATE handoffs SET tag = 'tierwise-0'", "expected the row handoffs c/0/1 to have"),
        (
            "DELETE FROM handoffs",
            "expected the row handoffs c/0/1 that event 12 of chain c wrote, got none",
        ),
        (
            "UPDATE approvals SET approval = replace(approval, 'granted', 'used')",
            "expected the row approvals c/q0 to have",
        ),
        (
            "UPDATE approvals SET approval = replace(approval, 'Ada', 'Bob')",
            "expected the row approvals c/q0",
        ),
        (
            "DELETE FROM approvals",
            "expected the row approvals c/q0 that event 5 of the chain of money wrote, got none",
        ),
        ("UPDATE limits SET caps = '{}'", "expected the row limits p/day to have"),
        (
            "DELETE FROM limits",
            "expected the row limits p/day that event 3 of the chain of money wrote, got none",
        ),
        ("UPDATE budgets SET project = 'q'", "expected the row budgets c/0/0 to have"),
        ("UPDATE budgets SET reserved_at = 1", "expected the row budgets c/0/0 to have"),
    ],
)
def test_tampering_with_money_is_found_and_named(
    paid: SqlLedger, sql: Callable[..., None], statement: str, message: str
) -> None:
    assert paid.verify() == 17
    sql(statement)
    with pytest.raises(CorruptRecord, match=message):
        paid.verify()


def test_a_rewritten_event_with_a_fitting_hash_breaks_the_link_of_the_next(
    filled: SqlLedger, tamper: Callable[..., None]
) -> None:
    sixth = next(each for each in filled.events() if (each["chain"], each["number"]) == ("c", 6))
    names = ("previous", "number", "at", "case_id", "body")
    event = {name: sixth[name] for name in names} | {"kind": "work.invented"}
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    forged = hashlib.sha256(canonical.encode()).hexdigest()
    tamper(f"UPDATE events SET kind = 'work.invented', hash = '{forged}' WHERE chain = 'c' AND number = 6")
    with pytest.raises(CorruptRecord, match=f"event 7 of chain c: expected {forged} as the hash before it"):
        filled.verify()


def test_a_trigger_that_is_gone_or_of_another_is_told_once_and_put_back(
    open_ledger: Callable[[], SqlLedger], url: str, sql: Callable[..., None]
) -> None:
    ledger = open_ledger()
    ledger.note("x", "noted", {})
    assert ledger.guard_findings() == ()
    if url.startswith("postgresql"):
        sql(
            "DROP TRIGGER events_no_update ON events",
            "ALTER TABLE events DISABLE TRIGGER events_no_delete",
            "CREATE TRIGGER mine BEFORE INSERT ON budgets FOR EACH ROW EXECUTE FUNCTION events_refuse()",
        )
    else:
        sql(
            "DROP TRIGGER events_no_update",
            "DROP TRIGGER events_no_delete",
            "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT 1; END",
            "CREATE TRIGGER mine BEFORE INSERT ON budgets BEGIN SELECT 1; END",
        )
    again = open_ledger()  # opening it heals nothing unseen
    *lost, foreign = again.guard_findings()
    assert ["events_no_update" in lost[0], "events_no_delete" in lost[1], len(lost)] == [True, True, 2]
    assert "a trigger mine on budgets that this program did not make" in foreign
    assert again.guard_findings() == (foreign,)
    for statement in ("UPDATE events SET kind = 'y'", "DELETE FROM events"):
        with pytest.raises(IntegrityError, match="append-only"):
            sql(statement)
