"""What flow runs are called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Problem, Target, Tier
from flows.naming import LEAST_REASON, MOST_NAME, end_in_words, subject


@pytest.mark.parametrize(
    ("family", "instance", "name"),
    [
        ("prediction", {"dataset": "breast_cancer"}, "prediction breast_cancer"),
        ("prediction", {"target": "ill", "csv": "/data/cohort 7.csv"}, "prediction cohort 7"),
        ("optimisation", {"kind": "max_cut", "file": "graphs/G1.txt"}, "optimisation max_cut G1"),
        ("optimisation", {"kind": "triage", "patients": "p.csv"}, "optimisation triage"),
        ("toy", {"numbers": [1, 2]}, "toy"),
        ("of_a_site_no_more", {"dataset": "d"}, "of_a_site_no_more"),
    ],
)
def test_a_run_is_called_by_what_it_is_about(family: str, instance: Any, name: str) -> None:
    problem = Problem(family=family, instance=instance, target=Target(metric="m", at_least=1))
    assert subject(problem) == name


LAST = Decision(
    number=0,
    action=Action.REFUSE,
    rule="floor:hardware",
    because="No step is left whose conditions are met; not met: floor:hardware",
    closed=(
        Closed(gate="floor:hardware", tier=Tier.QUANTUM, because="The site says no; nobody else.", misses=()),
    ),
)


def test_the_end_is_the_tier_that_answered_or_why_there_is_no_answer() -> None:
    accepted = Outcome(case_id="c", status=CaseStatus.ACCEPTED, tier=Tier.AI, decisions=(LAST,))
    assert end_in_words("toy", accepted) == "ai"
    refused = Outcome(case_id="c", status=CaseStatus.REFUSED, decisions=(LAST,))
    assert end_in_words("toy", refused) == "refused: the site says no"
    held = Outcome(
        case_id="c", status=CaseStatus.HELD, decisions=(LAST,), paused="a person must approve c/0/0"
    )
    assert end_in_words("toy", held) == "held: a person must decide"


@given(
    st.text("abc", min_size=1, max_size=40),
    st.lists(st.text("xyz", min_size=1, max_size=12), min_size=1, max_size=30),
)
def test_a_name_fits_the_page_and_ends_with_a_whole_word(about: str, words: list[str]) -> None:
    said = " ".join(words)
    last = LAST.model_copy(update={"rule": "order", "closed": (), "because": said})
    end = end_in_words(about, Outcome(case_id="c", status=CaseStatus.REFUSED, decisions=(last,)))
    assert len(f"{about} → {end}") <= max(MOST_NAME, len(f"{about} → refused: ") + LEAST_REASON)
    shown = end.removeprefix("refused: ").removesuffix("…").split(" ")
    assert shown == words[: len(shown)]
