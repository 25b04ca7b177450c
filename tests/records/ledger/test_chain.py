"""The chain of events notices every change made behind the ledger's back."""

import hashlib
import json
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

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
    previous = "0" * 64
    for number, event in enumerate(filled.events(), start=1):
        named = {name: event[name] for name in ("previous", "number", "at", "case_id", "kind", "body")}
        assert (event["previous"], event["number"]) == (previous, number)
        canonical = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(canonical.encode()).hexdigest()
        assert event["hash"] == previous


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
        (["UPDATE events SET body = replace(body, 'order', 'other') WHERE number = 2"], "event 2: expected"),
        (["UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE number = 3"], "event 3: expected"),
        (["UPDATE events SET body = 'no json' WHERE number = 4"], "event 4: its body is not JSON"),
        (["DELETE FROM events WHERE number = 4"], "expected event 4, got event 5"),
        (["DELETE FROM events WHERE number = 10"], "expected the chain to end at event 9"),
        (["DELETE FROM events"], "expected the chain to end at event 0"),
        (
            [
                "UPDATE events SET number = 99 WHERE number = 5",
                "UPDATE events SET number = 5 WHERE number = 6",
                "UPDATE events SET number = 6 WHERE number = 99",
            ],
            "event 5: expected",
        ),
        (
            [
                "DELETE FROM events WHERE number = 10",
                "UPDATE chain SET number = 9, hash = (SELECT hash FROM events WHERE number = 9)",
            ],
            "expected the row cases c to have SHA-256 .* as event 9 says",
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
        (["DELETE FROM decisions"], "expected the row decisions c/0 that event 2 wrote, got none"),
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
            "expected the row handoffs c/0/1 that event 16 wrote, got none",
        ),
        (
            "UPDATE approvals SET approval = replace(approval, 'granted', 'used')",
            "expected the row approvals c/q0 to have",
        ),
        (
            "UPDATE approvals SET approval = replace(approval, 'Ada', 'Bob')",
            "expected the row approvals c/q0",
        ),
        ("DELETE FROM approvals", "expected the row approvals c/q0 that event 17 wrote, got none"),
        ("UPDATE limits SET caps = '{}'", "expected the row limits p/day to have"),
        ("DELETE FROM limits", "expected the row limits p/day that event 12 wrote, got none"),
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
    event = dict(filled.events()[2]) | {"kind": "work.invented"}
    del event["hash"]
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    forged = hashlib.sha256(canonical.encode()).hexdigest()
    tamper(f"UPDATE events SET kind = 'work.invented', hash = '{forged}' WHERE number = 3")
    with pytest.raises(CorruptRecord, match=f"event 4: expected {forged} as the hash before it"):
        filled.verify()
