"""`tierwise explain` and the end of `tierwise solve`: what they say of submissions."""

from collections.abc import Callable
from typing import Any

from cli.submissions import handed_off
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Tier

Make = Callable[..., Any]
Call = Callable[..., Any]


def decided(desk: Any) -> None:
    """Notes the decision that the submission belongs to."""
    rule = Closed(gate="paid_work", tier=Tier.QUANTUM, because="A person decides on money.", misses=())
    made = Decision(
        number=0, action=Action.ATTEMPT, tier=Tier.QUANTUM, method="dice", backend="model", rule="order",
        because="it is next", asks=(rule,),
    )  # fmt: skip
    desk.ledger.add_decision("c", made)


def test_explain_tells_what_a_person_is_asked_and_where_the_work_stands(desk: Make, call: Call) -> None:
    made = desk(asks=True)
    decided(made)
    made.run()
    said = call("explain", "c").out
    assert "Rule paid_work wants a person's word first: A person decides on money." in said
    assert "Submission c/0/0 is asked on model, no job known" in said
    assert "`tierwise approve c`" in said


def test_explain_tells_who_approved_what_and_what_it_cost(desk: Make, call: Call) -> None:
    made = desk(asks=True)
    decided(made)
    made.run()
    call("approve", "c", "--yes", "--by", "anna", "--reason", "worth it")
    made.run()
    said = call("explain", "c").out
    assert "anna approved it at" in said
    assert "(worth it), for at most 4.0 s, 6.40 USD." in said
    assert "Submission c/0/0 is done on model, job job-0" in said
    assert "charged 3.0 s, 4.80 USD" in said


def test_explain_tells_incidents_and_reasons(desk: Make, call: Call) -> None:
    made = desk()
    decided(made)
    made.service.faults = {"send": ["before"], "find": ["down"]}
    made.run()
    made.service.faults = {"cancel_job": ["down"]}
    made.service.accept([made.row.tag], made.row.batch)
    call("jobs", "cancel", "c")
    said = call("explain", "c").out
    assert "Because: given up by" in said
    assert "Incident: job job-0 could not be cancelled" in said


def test_the_end_of_solve_has_a_line_a_submission(desk: Make) -> None:
    desk().run()
    assert handed_off("c") == [
        "c/0/0 is done on model, job job-0: estimate 2.0 s, 3.20 USD (a lower bound), "
        "cap 4.0 s, 6.40 USD, charged 3.0 s, 4.80 USD"
    ]
    assert handed_off("other") == []
