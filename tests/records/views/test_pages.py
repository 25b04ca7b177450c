"""A case's decisions and what vouches for its answer, as Markdown."""

import pytest

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Decision, Flip
from escalation.model.problem import Tier
from escalation.model.quote import Quote
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
    assert head == "| number | action | rung | rule | because | nearest flip |"
    assert set(line) == set("| -")
    assert first == r"| 0 | attempt | hpc/scan on mpi | order | first \| open | ai, were hpc closed |"
    assert second == r"| 1 | abstain |  | none_open | no tier\\nis left |  |"


def test_the_certificate_page_says_who_vouches_for_what(decisions: tuple[Decision, Decision]) -> None:
    found = Certificate(
        status=CertificateStatus.BOUNDED, kind="lower bound", value=0.733, estimate=0.801, alpha=0.025,
        verifier="classification 1", reasons=("below the target",),
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
    assert "**BOUNDED** lower bound: 0.733 (estimate 0.801, α 0.025), by classification 1" in page
    assert "- below the target" in page
    assert "| hpc/scan | not certified | BOUNDED | 0.733 | 0.0 |" in page
