"""What flow runs are called."""

from typing import Any

import pytest

from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Action, Decision
from escalation.model.problem import Problem, Target, Tier
from flows.naming import MOST_REASON, end_in_words, subject


@pytest.mark.parametrize(
    ("family", "instance", "name"),
    [
        ("classification", {"dataset": "breast_cancer"}, "classification breast_cancer"),
        ("classification", {"target": "ill", "csv": "/data/cohort 7.csv"}, "classification cohort 7"),
        ("optimisation", {"kind": "max_cut", "file": "graphs/G1.txt"}, "optimisation max_cut G1"),
        ("optimisation", {"kind": "triage", "patients": "p.csv"}, "optimisation triage"),
        ("toy", {"numbers": [1, 2]}, "toy"),
        ("of_a_site_no_more", {"dataset": "d"}, "of_a_site_no_more"),
    ],
)
def test_a_run_is_called_by_what_it_is_about(family: str, instance: Any, name: str) -> None:
    problem = Problem(family=family, instance=instance, target=Target(metric="m", at_least=1))
    assert subject(problem) == name


def test_the_end_is_the_tier_that_answered_or_why_there_is_no_answer() -> None:
    last = Decision(number=0, action=Action.REFUSE, rule="floor", because="Data may not leave the site")
    accepted = Outcome(case_id="c", status=CaseStatus.ACCEPTED, tier=Tier.AI, decisions=(last,))
    assert end_in_words(accepted) == "ai"
    refused = Outcome(case_id="c", status=CaseStatus.REFUSED, decisions=(last,))
    assert end_in_words(refused) == "refused: Data may not leave the site"
    held = Outcome(case_id="c", status=CaseStatus.HELD, decisions=(last,), paused="a person " * 40)
    assert end_in_words(held).startswith("held: a person a person")
    assert len(end_in_words(held)) <= len("held: ") + MOST_REASON
