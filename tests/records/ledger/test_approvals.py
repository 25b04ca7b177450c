"""A person's word: good for one payload, one price, one policy, one time, once. No answer means no."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo
from escalation.model.errors import BadInput, CaseConflict
from escalation.model.identity import digest_json
from escalation.model.submission import Approval, ApprovalState, Period, Submission, Verdict
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger

S = SubmissionState
FREE = Caps()
NOTHING = Amounts()
CAP = Amounts(qpu_s=3.0, usd=4.8)
Freeze = Callable[..., Submission]
Ask = Callable[..., Approval]


@pytest.fixture
def opened(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> SqlLedger:
    ledger.open_case(make_info())
    return ledger


def _answer(ledger: SqlLedger, number: int = 0, granted: bool = True, now: float = 1050.0) -> Approval:
    return ledger.answer(f"q{number}", granted=granted, by="Ada", reason="too dear", now=now)


def _reserved(ledger: SqlLedger) -> Amounts:
    return ledger.spending("*", Period.TOTAL, 0.0)[0]


def test_a_question_is_asked_granted_and_used_up_with_the_money_set_aside(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    said, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    assert (said.verdict, asked.state) == (Verdict.ASK, S.ASKED)
    assert "question q0 stands until 1970-01-01 00:18 UTC" in said.reason
    assert opened.approvals() == [make_question(frozen)]
    assert _reserved(opened) == NOTHING
    granted = _answer(opened)
    assert (granted.state, granted.by, granted.answered_at) == (ApprovalState.GRANTED, "Ada", 1050.0)
    said, row = opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1060.0)
    assert (said.verdict, row.state) == (Verdict.GRANTED, S.AUTHORISED)
    assert [found.state for found in opened.approvals("c")] == [ApprovalState.USED]
    assert opened.spending("p", Period.TOTAL, 0.0) == (CAP, NOTHING)
    assert opened.approvals("other") == []
    kinds = [event["kind"] for event in opened.events("c")]
    assert kinds[-6:] == [
        "approval.asked",
        "handoff.moved",
        "approval.granted",
        "approval.used",
        "budget.reserved",
        "handoff.moved",
    ]


def test_a_question_that_stands_is_not_asked_twice(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    before = opened.events()
    said, again = opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1002.0)
    assert (said.verdict, again) == (Verdict.ASK, asked)
    assert opened.events() == before


def test_told_again_what_was_granted_it_says_so_again_and_reserves_nothing_more(
    opened: SqlLedger, freeze: Freeze
) -> None:
    frozen = freeze(opened)
    first = opened.authorise(frozen, None, FREE, "p", 1001.0)
    before = opened.events()
    assert opened.authorise(frozen, None, FREE, "p", 1002.0) == first
    assert opened.events() == before


def test_a_denial_is_final_and_says_who_and_why(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    assert _answer(opened, granted=False).state is ApprovalState.DENIED
    said, row = opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1060.0)
    assert (said.verdict, said.reason) == (Verdict.REFUSED, "refused by Ada: too dear")
    assert (row.state, row.reason) == (S.REFUSED, said.reason)
    assert _reserved(opened) == NOTHING


def test_no_answer_in_time_means_no(opened: SqlLedger, freeze: Freeze, make_question: Ask) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    assert opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1099.9)[0].verdict is Verdict.ASK
    said, row = opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1100.0)
    assert row.state is S.REFUSED
    assert said.reason == "nobody answered before 1970-01-01 00:18 UTC, and no answer means no"


def test_an_approval_that_expired_before_it_was_used_is_refused(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    _answer(opened, now=1099.0)
    said, row = opened.authorise(asked, make_question(frozen, 1), FREE, "p", 1100.0)
    assert (said.verdict, row.state) == (Verdict.REFUSED, S.REFUSED)
    assert said.reason == "the approval by Ada expired at 1970-01-01 00:18 UTC, before it was used"
    assert _reserved(opened) == NOTHING


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "b" * 64},
        {"policy": "d" * 64},
        {"cap": Amounts(qpu_s=3.0, usd=4.5)},
        {"cap": Amounts(qpu_s=2.5, usd=4.8)},
    ],
    ids=["another payload", "another policy", "fewer dollars", "fewer seconds"],
)
def test_a_grant_for_something_else_is_no_grant_and_a_new_question_is_asked(
    opened: SqlLedger, freeze: Freeze, make_question: Ask, change: dict[str, Any]
) -> None:
    frozen = freeze(opened)
    opened.consult(make_question(frozen, 0, **change), 1000.0)
    _answer(opened)
    said, row = opened.authorise(frozen, make_question(frozen, 1), FREE, "p", 1060.0)
    assert (said.verdict, row.state) == (Verdict.ASK, S.ASKED)
    states = {found.approval_id: found.state for found in opened.approvals()}
    assert states == {"q0": ApprovalState.GRANTED, "q1": ApprovalState.ASKED}
    assert _reserved(opened) == NOTHING


def test_a_grant_for_more_covers_less(opened: SqlLedger, freeze: Freeze, make_question: Ask) -> None:
    frozen = freeze(opened)
    opened.consult(make_question(frozen, 0, cap=Amounts(qpu_s=5.0, usd=5.0)), 1000.0)
    _answer(opened)
    assert opened.authorise(frozen, make_question(frozen, 1), FREE, "p", 1060.0)[0].verdict is Verdict.GRANTED


def test_a_used_approval_is_not_good_for_a_second_spending(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    opened.consult(make_question(frozen), 1000.0)
    _answer(opened)
    assert opened.consult(make_question(frozen), 1060.0).verdict is Verdict.GRANTED  # which uses it up
    said, row = opened.authorise(frozen, make_question(frozen, 1), FREE, "p", 1061.0)
    assert (said.verdict, row.state) == (Verdict.REFUSED, S.REFUSED)
    assert said.reason == "approval q0 was used already, and is good for once"


def test_the_approval_of_one_work_does_not_serve_another(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    first, second = freeze(opened, 0), freeze(opened, 1, payload=digest_json(["c", 0]))
    assert first.payload == second.payload
    opened.authorise(first, make_question(first), FREE, "p", 1001.0)
    _answer(opened)
    said, row = opened.authorise(second, make_question(second), FREE, "p", 1060.0)
    assert (said.verdict, row.state) == (Verdict.REFUSED, S.REFUSED)
    assert said.reason == "approval q0 was asked for work c/0/0, not for c/0/1"
    third = freeze(opened, 2, payload=digest_json(["c", 0]))
    assert opened.authorise(third, make_question(third, 5), FREE, "p", 1061.0)[0].verdict is Verdict.ASK


def test_a_question_about_other_bytes_than_the_frozen_ones_is_a_conflict(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    for change in ({"subject": "b" * 64}, {"cap": Amounts(usd=1)}, {"ordinal": 3}):
        with pytest.raises(CaseConflict, match="expected a question about its payload"):
            opened.authorise(frozen, make_question(frozen, **change), FREE, "p", 1001.0)
    assert opened.find_submission(frozen.key) == frozen


def test_work_that_a_person_was_asked_about_is_not_authorised_without_the_question(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    with pytest.raises(CaseConflict, match="a person was asked: expected the question, got none"):
        opened.authorise(asked, None, FREE, "p", 1060.0)


def test_nobody_is_asked_for_what_has_no_room(opened: SqlLedger, freeze: Freeze, make_question: Ask) -> None:
    frozen = freeze(opened)
    said, row = opened.authorise(frozen, make_question(frozen), Caps(usd=4.0), "p", 1001.0)
    assert (said.verdict, row.state, row.reason) == (Verdict.REFUSED, S.REFUSED, said.reason)
    assert said.reason == (
        "no room in the budget of the case: 0 of 4 USD are reserved or spent, and up to 4.8 are wanted"
    )
    assert opened.approvals() == []


def test_a_grant_is_not_used_up_where_the_money_is_gone(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    _, asked = opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    _answer(opened)
    said, _ = opened.authorise(asked, make_question(frozen, 1), Caps(qpu_s=2.0), "p", 1060.0)
    assert "0 of 2 QPU seconds" in said.reason
    assert [found.state for found in opened.approvals()] == [ApprovalState.GRANTED]


def test_what_cannot_be_answered_is_bad_input(opened: SqlLedger, freeze: Freeze, make_question: Ask) -> None:
    frozen = freeze(opened)
    opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    with pytest.raises(BadInput, match="expected the id of a question in this ledger, got 'q7'"):
        _answer(opened, 7)
    with pytest.raises(BadInput, match="question q0 expired at 1970-01-01 00:18 UTC"):
        _answer(opened, now=1100.0)
    assert [found.state for found in opened.approvals()] == [ApprovalState.ASKED]


def test_an_answer_is_the_last_word_and_has_a_name(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    opened.authorise(frozen, make_question(frozen), FREE, "p", 1001.0)
    with pytest.raises(BadInput, match="expected the name of the person who answers"):
        opened.answer("q0", granted=True, by=" ", reason="", now=1050.0)
    _answer(opened, granted=False)
    with pytest.raises(BadInput, match=r"question q0 was answered by Ada at 1970-01-01 00:17 UTC: denied"):
        _answer(opened)


def test_free_work_is_consulted_about_and_the_same_work_need_not_ask_again(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    frozen = freeze(opened)
    assert opened.consult(make_question(frozen), 1001.0).verdict is Verdict.ASK
    assert opened.consult(make_question(frozen, 1), 1002.0).verdict is Verdict.ASK
    assert len(opened.approvals()) == 1
    _answer(opened)
    for again in (2, 3):
        assert opened.consult(make_question(frozen, again), 1060.0).verdict is Verdict.GRANTED
    assert [found.state for found in opened.approvals()] == [ApprovalState.USED]
    assert opened.consult(make_question(frozen, 4), 9999.0).verdict is Verdict.GRANTED


def test_consulting_after_a_denial_or_too_late_is_refused(
    opened: SqlLedger, freeze: Freeze, make_question: Ask
) -> None:
    first, second = freeze(opened, 0), freeze(opened, 1)
    opened.consult(make_question(first, 0), 1001.0)
    opened.consult(make_question(second, 1), 1001.0)
    _answer(opened, 0, granted=False)
    assert opened.consult(make_question(first, 2), 1060.0).reason == "refused by Ada: too dear"
    assert opened.consult(make_question(second, 3), 1100.0).verdict is Verdict.REFUSED
