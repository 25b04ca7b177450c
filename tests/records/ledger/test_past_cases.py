"""Cases in bulk, as texts, for whoever compares policies over them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.cases_wanted import CasesWanted
from escalation.model.decision import Action, Decision
from escalation.model.identity import canonical_json, digest_json
from escalation.model.problem import Problem, Target
from records.ledger import past_cases
from records.ledger.ledger import SqlLedger

Info = Callable[..., CaseInfo]


@pytest.fixture
def five(open_ledger: Callable[[], SqlLedger], make_info: Info, monkeypatch: pytest.MonkeyPatch) -> SqlLedger:
    """Cases c0 to c4, the odd ones of another family, each with as many decisions as its number."""
    monkeypatch.setattr(past_cases, "PAGE", 2)
    ledger = open_ledger()
    other = Problem(family="optimisation", instance={}, target=Target(metric="m", at_least=1), seed=0)
    for number in range(5):
        changes = {"problem": other, "problem_digest": other.digest} if number % 2 else {}
        ledger.open_case(make_info(f"c{number}", **changes))
        for place in range(number):
            ledger.add_decision(f"c{number}", decision(place))
    ended = Outcome(case_id="c1", status=CaseStatus.ACCEPTED)
    ledger.close_case("c1", CaseStatus.ACCEPTED, ended)
    return ledger


def decision(number: int) -> Decision:
    return Decision(number=number, action=Action.REFUSE, rule="order", because=f"it is number {number}")


def test_they_come_oldest_first_with_all_their_decisions(five: SqlLedger) -> None:
    found = list(five.past_cases())
    assert [each.case_id for each in found] == ["c0", "c1", "c2", "c3", "c4"]
    assert [len(each.decisions) for each in found] == [0, 1, 2, 3, 4]
    assert found[3].decision_texts[2] == canonical_json(decision(2).to_json()).decode()
    assert (found[1].status, found[2].status) == ("accepted", "running")


def test_some_are_had_by_family_and_time(five: SqlLedger) -> None:
    def ids(**wanted: Any) -> list[str]:
        return [each.case_id for each in five.past_cases(CasesWanted(**wanted))]

    assert ids(family="optimisation") == ["c1", "c3"]
    assert ids(since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_outcomes_are_read_where_they_are_asked_for(five: SqlLedger) -> None:
    assert [each.wall_s for each in five.past_cases(outcomes=True)] == [None, 0.0, None, None, None]
    assert [each.wall_s for each in five.past_cases()] == [None] * 5


def test_the_policy_stands_beside_what_a_case_was_opened_with(
    open_ledger: Callable[[], SqlLedger], make_info: Info
) -> None:
    texts = ['name: a "quoted" \\u00e9 é\n', "policy_text: one that speaks of itself\n"]
    ledger = open_ledger()
    for number in range(4):
        text = texts[number % 2]
        ledger.open_case(
            make_info(f"c{number}", policy_text=text, policy_digest=digest_json(text), about=text)
        )
    found = list(ledger.past_cases())
    assert [each.policy_text for each in found] == texts * 2
    assert [each.info["about"] for each in found] == texts * 2
    assert {each.info["policy_text"] for each in found} == {""}
