"""The HTML report of a case that was asked about, waits, or was practised: each is said in it."""

import pytest

from escalation.attempt import Attempt, AttemptStatus
from escalation.case import CaseStatus
from escalation.decision import Action, Closed, Decision, Miss
from escalation.ladder import conclude
from escalation.opening import prepare
from escalation.problem import Problem, Target, Tier
from escalation.quote import Quote
from records.report import render


@pytest.fixture
def asked() -> Decision:
    miss = Miss(fact="quote.usd", value=3.2, unit="USD", comparison="at_most", limit=0.0)
    rule = Closed(gate="paid_work", tier=Tier.QUANTUM, because="A person decides on money.", misses=(miss,))
    return Decision(
        number=0, action=Action.ATTEMPT, tier=Tier.QUANTUM, method="dice", backend="model", rule="order",
        because="it is next", asks=(rule,),
    )  # fmt: skip


def test_the_report_names_the_question_what_is_waited_for_and_practice(asked: Decision) -> None:
    instance = {"numbers": [3, 1, 4], "reach": 3}
    case = prepare(Problem(family="toy", instance=instance, target=Target(metric="number", at_least=9)))
    practised = Attempt(
        number=0, tier=Tier.QUANTUM, method="dice", backend="model", device_kind="practice service", seed=1,
        quote=Quote(), status=AttemptStatus.FAILED,
    )  # fmt: skip
    outcome = conclude(case, [practised], [asked], CaseStatus.WAITING).model_copy(update={"paused": "a job"})
    page = render(case, outcome, (), "2026-11-23T08:00:00+00:00").decode()
    assert "<title>3 numbers: waiting (2026-11-23)</title>" in page
    assert "Asked on 2026-11-23 of toy: number at least 9." in page
    assert 'class="status waiting"' in page
    assert "It waits: a job." in page
    assert "asks a person, <code>paid_work</code>: A person decides on money." in page
    assert "Not hardware evidence: dice ran on model, a practice service." in page
