"""A history that cannot have happened is found, though every hash in it is right."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import WorkKey
from escalation.model.errors import CorruptRecord
from escalation.model.submission import Limit, Period, Submission, Verdict
from escalation.model.submission_states import SubmissionState
from records.ledger import events, past, walk
from records.ledger.ledger import SqlLedger
from tests.records.ledger.spent import ON_SQLITE, RESET, Sql, authorise


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


def test_work_that_nobody_wanted_or_that_goes_on_after_its_result_is_found_in_the_history() -> None:
    def told(*verbs: str) -> list[str]:
        so_far, key = past.Past(), {"attempt": 0, "ordinal": 1}
        return [said for verb in verbs for said in past.event(so_far, "c", f"work.{verb}", key)]

    assert told("wanted", "submitted", "lost", "submitted", "wanted", "refused", "settled", "migrated") == []
    assert told("settled") == ["work c/0/1 was settled, and was never wanted"]
    assert told("wanted", "settled", "submitted") == ["work c/0/1 was submitted after it was settled"]
    assert told("wanted", "settled", "settled") == ["work c/0/1 was settled after it was settled"]
