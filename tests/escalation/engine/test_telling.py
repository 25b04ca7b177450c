"""A case in plain sentences, as it stands."""

from typing import Any

import pytest

from escalation.engine.opening import prepare
from escalation.engine.telling import told
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.decision import Action, Decision
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.ports.families import Answer

PROBLEM = Problem(family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=9))
ANSWER = Answer(
    ("nine, third of three",), "It was looked up", ("Use it",), {"nine.txt": b"9"}, {"nine.txt": "the number"}
)


@pytest.fixture
def info() -> CaseInfo:
    return prepare(PROBLEM, case_id="c").info


def outcome(status: CaseStatus = CaseStatus.ACCEPTED, **changes: Any) -> Outcome:
    return Outcome(case_id="c", status=status, **changes)


def test_an_accepted_answer_is_told_with_what_it_rests_on_and_what_to_do(info: CaseInfo) -> None:
    found = told(
        info,
        outcome(cost=Amounts().but(wall_s=34.1, cpu_s=150.0), files={"nine.txt": "d", "rows": "e"}),
        ANSWER,
    )
    assert found.asked == "Find a number of at least 9 among 3"
    assert found.answer == "Nine, third of three"
    assert found.rests_on == "It was looked up"
    assert found.cost == "34 s of waiting, 2 min of processors; nothing to pay"
    assert found.next_steps == (
        "Use it",
        "Take the files with `tierwise show c --files DIR`: nine.txt, the number",
    )
    assert found.files == {"nine.txt": "the number"}


def test_a_case_that_abstained_is_not_told_as_an_answer(info: CaseInfo) -> None:
    found = told(info, outcome(CaseStatus.ABSTAINED), ANSWER)
    assert found.answer == "No answer reached the target. The best so far, not accepted: nine, third of three"
    assert found.next_steps[-1] == "See what kept the other tiers out: `tierwise explain c`"
    nothing = told(info, outcome(CaseStatus.REFUSED))
    assert nothing.answer == "No answer was made"
    assert nothing.rests_on == "On nothing yet: no answer was verified"


def test_a_case_that_waits_says_first_what_it_waits_for(info: CaseInfo) -> None:
    found = told(info, outcome(CaseStatus.HELD, paused="a person must approve c/0/0 first"))
    assert found.answer == "Held, not finished. There is no answer"
    assert found.next_steps == ("A person must approve c/0/0 first",)


def test_what_is_charged_is_told_and_practice_money_as_such(info: CaseInfo) -> None:
    def cost(kind: str) -> str:
        attempt = Attempt(
            number=0, tier=Tier.QUANTUM, method="m", backend="b", device_kind=kind, seed=1, quote=Quote(),
            status=AttemptStatus.CERTIFIED,
        )  # fmt: skip
        paid = Amounts().but(wall_s=7200.0, qpu_s=2.0, usd=3.2)
        return told(info, outcome(cost=paid, attempts=(attempt,))).cost

    assert cost("hardware") == "2.0 h of waiting, 0 s of processors; 2.0 s of QPU and 3.20 USD"
    assert cost("practice service").endswith("2.0 s of QPU and 3.20 USD (practice money, nobody is charged)")


def test_what_failed_is_to_be_mended(info: CaseInfo) -> None:
    found = told(info, outcome(CaseStatus.ABSTAINED, failures=("hpc/scan FAILED: no memory",)))
    assert "Mend what failed, and ask again: hpc/scan FAILED: no memory" in found.next_steps


def budget_ended(**changes: Any) -> Outcome:
    because = "The budget is used up: 58 of the 10 elapsed seconds that were allowed"
    last = Decision(number=1, action=Action.ABSTAIN, rule="budget", because=because)
    return outcome(CaseStatus.ABSTAINED, decisions=(last,), **changes)


def test_a_budget_that_ended_the_work_is_to_be_raised_and_nothing_mended(info: CaseInfo) -> None:
    attempt = Attempt(
        number=0, tier=Tier.HPC, method="m", backend="mpi", device_kind="classical", seed=1, quote=Quote(),
        status=AttemptStatus.FAILED, error="search failed: stopped after 1 s, its time limit",
    )  # fmt: skip
    steps = told(info, budget_ended(attempts=(attempt,), failures=(attempt.failure,))).next_steps
    assert steps[0].startswith("Raise `budget: wall_s`, which ended the work")
    assert not any(step.startswith("Mend") for step in steps)


def test_a_budget_that_reading_used_up_is_told_with_what_to_ask_for(info: CaseInfo) -> None:
    steps = told(info, budget_ended(cost=Amounts().but(wall_s=58.0))).next_steps
    assert "reading the data and their facts used it up" in steps[0]
    assert steps[0].endswith("ask for a minute more than they took")
