"""The check of pages notices what it is for; every family's report has to pass it."""

import pytest

from escalation.engine.concluding import conclude
from escalation.engine.opening import prepare
from escalation.engine.runtime import Recorded
from escalation.model.case import CaseStatus
from escalation.model.problem import Problem, Target
from escalation.ports.families import Section
from records.testing.accessible import contrast, faults
from records.views.report import render


def page(html: str = "") -> str:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=9))
    case = prepare(problem, case_id="c")
    ended = conclude(case, [], [], CaseStatus.INTERRUPTED)
    return render(case, ended, [Section("Mine", html)], Recorded("2026-11-27T08:00:00+00:00")).decode()


def test_the_bare_report_has_no_fault() -> None:
    assert faults(page()) == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<h5>deep</h5>", "follows one of level 3"),
        ("<h4> </h4>", "an empty h4"),
        ("<h1>again</h1>", "expected one h1"),
        ("<svg width='9'><rect/></svg>", "a picture without a role or a label"),
        ('<svg role="img" aria-labelledby="t"><title id="t"></title></svg>', "label t says nothing"),
        ('<p id="why">twice</p>', "the id why is there twice"),
        ('<a href="#nowhere">to</a>', "leads nowhere"),
        ('<div class="wide">far</div>', "cannot be reached by keys"),
        ("<table><tr><th>a</th></tr></table>", "does not say of what it is"),
    ],
)
def test_each_fault_is_noticed(html: str, fault: str) -> None:
    assert any(fault in each for each in faults(page(html)))


def test_pale_text_is_noticed() -> None:
    pale = page().replace("--soft: #57606a", "--soft: #9aa3ad")
    assert any("contrast of #9aa3ad on #ffffff" in each for each in faults(pale))


def test_contrast_is_that_of_the_guideline() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the palest grey that passes
