"""A case's decisions and what vouches for its answer, as Markdown."""

from base64 import b64decode

import pytest

from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision, Flip
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.told import Told
from escalation.text.drawings import MOST_BYTES, MOST_PICTURES, pictures
from records.views.answers import answer_page
from records.views.certificates import certificate_page
from records.views.decisions import decision_table


@pytest.fixture
def decisions() -> tuple[Decision, Decision]:
    first = Decision(
        number=0, action=Action.ATTEMPT, tier=Tier.HPC, method="scan", backend="mpi", rule="order",
        because="first | open", nearest_flip=Flip(would="ai", changes=(), text="ai, were hpc closed"),
    )  # fmt: skip
    return first, Decision(number=1, action=Action.ABSTAIN, rule="none_open", because="no tier\nis left")


def test_the_table_has_a_row_a_decision_and_survives_any_text(decisions: tuple[Decision, Decision]) -> None:
    head, line, first, second = decision_table(decisions).splitlines()
    assert head == "| what happened | why | what it cost |"
    assert set(line) == set("| -")
    assert first == (
        r"| Tried **hpc**: scan on mpi. It is at work. "
        r"| first \| open.<br>*What would have changed it:* ai, were hpc closed |  |"
    )
    assert second == r"| **Ended without an answer** | no tier\\nis left. |  |"


def test_the_table_says_what_came_of_a_try_what_it_cost_and_which_tiers_were_kept_out(
    decisions: tuple[Decision, Decision],
) -> None:
    found = Certificate(
        status=CertificateStatus.BOUNDED, kind="lower bound", value=0.733, verifier="prediction 1"
    )
    attempt = Attempt(
        number=0, tier=Tier.HPC, method="scan", backend="mpi", device_kind="classical", seed=1,
        quote=Quote(), status=AttemptStatus.NOT_CERTIFIED, certificate=found, cost=Amounts(wall_s=2, usd=3.5),
    )  # fmt: skip
    shut = Closed(gate="small", tier=Tier.QUANTUM, because="A laptop can simulate it.", misses=())
    last = decisions[1].model_copy(update={"closed": (shut,)})
    _, _, first, _, kept_out = decision_table((decisions[0], last), (attempt,)).splitlines()
    assert "Its answer, 0.733, was checked, and falls short of the target." in first
    assert first.endswith("| 2.0 s elapsed, 3.50 USD |")
    assert kept_out == "| Not tried: **quantum** | A laptop can simulate it. | |"


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ("hpc/scan ended BOUNDED at 4, the target", "hpc/scan was checked, and falls short with 4,"),
        ("hpc/scan ended HEURISTIC; ai is", "hpc/scan cannot be vouched for; ai is"),
    ],
)
def test_the_table_says_in_words_how_the_last_try_ended(
    decisions: tuple[Decision, Decision], recorded: str, shown: str
) -> None:
    table = decision_table((decisions[0].model_copy(update={"because": recorded}),))
    assert shown in table


def test_the_answers_page_begins_with_what_a_person_came_for_and_shows_the_reports_drawings() -> None:
    told = Told(
        asked="Schedule 3 patients", answer="2 of 3 treated", rests_on="Checked apart", cost="2 s",
        next_steps=("Take the files",),
    )  # fmt: skip
    outcome = Outcome(case_id="c", status=CaseStatus.ACCEPTED, told=told, record="/home/reports/c.html")
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9"><title>Monday &amp; [Tuesday]</title></svg>'
    drawn = pictures(f"<p>{svg}</p><svg><title>an icon of the page</title></svg>")
    assert [each.svg for each in drawn] == [svg]
    page = answer_page(outcome, drawn)
    assert page.startswith("# Schedule 3 patients\n\n**2 of 3 treated**\n\nChecked apart\n\n![Monday &")
    encoded = page.partition("![Monday & Tuesday](data:image/svg+xml;base64,")[2].partition(")")[0]
    opening = '<svg xmlns="http://www.w3.org/2000/svg" width="9">'
    on_paper = svg.replace(opening, f'{opening}<rect width="100%" height="100%" fill="#ffffff"/>')
    assert b64decode(encoded).decode() == on_paper, "dark ink would not be seen on a dark page"
    assert "](/" not in page
    linked = answer_page(outcome, drawn, {"Open the report": "/reports/c", "Open MLflow": "/mlflow/case/c"})
    first, _, _ = linked.partition("![Monday")
    assert "[Open the report](/reports/c) · [Open MLflow](/mlflow/case/c)" in first, "before the pictures"
    assert "**What it cost:** 2 s" in page
    assert "- Take the files" in page
    assert "- Report: `/home/reports/c.html`" in page


def test_no_more_drawings_are_shown_than_a_page_can_hold() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    assert len(pictures("".join(map(svg.format, range(20))))) == MOST_PICTURES
    assert len(pictures(svg.format("the same, twice") * 2)) == 1
    assert pictures(svg.format("x" * MOST_BYTES)) == []


def test_the_certificate_page_says_who_vouches_for_what(decisions: tuple[Decision, Decision]) -> None:
    found = Certificate(
        status=CertificateStatus.BOUNDED, kind="lower bound", value=0.733, estimate=0.801, alpha=0.025,
        verifier="prediction 1", reasons=("below the target",),
    )  # fmt: skip
    attempt = Attempt(
        number=0, tier=Tier.HPC, method="scan", backend="mpi", device_kind="classical", seed=1,
        quote=Quote(), status=AttemptStatus.NOT_CERTIFIED, certificate=found,
    )  # fmt: skip
    page = certificate_page(
        Outcome(
            case_id="c", status=CaseStatus.ABSTAINED, tier=Tier.HPC, method="scan", backend="mpi",
            device_kind="classical", value=0.733, certificate=found, attempts=(attempt,), decisions=decisions,
        )
    )  # fmt: skip
    assert page.startswith("# Abstained")
    assert "**BOUNDED** lower bound: 0.733 (estimate 0.801, α 0.025), by prediction 1" in page
    assert "- below the target" in page
    assert "| hpc/scan | not certified | BOUNDED | 0.733 | 0.0 |" in page
