"""The HTML report of a case that was asked about, waits, or was practised: each is said in it."""

import pytest

from escalation.engine.concluding import conclude
from escalation.engine.opening import prepare
from escalation.engine.runtime import Recorded
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision, Miss
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.submission import Approval, ApprovalState, Price, Submission
from escalation.model.submission_states import SubmissionState
from escalation.submission.paid_work import PaidWork
from records.views.report import render
from records.views.steps import steps

OPENED_AT = "2026-11-23T08:00:00+00:00"


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
    page = render(case, outcome, (), Recorded(OPENED_AT)).decode()
    assert "<title>Find a number of at least 9 among 3: waiting (2026-11-23)</title>" in page
    assert "asked 2026-11-23 08:00 UTC" in page
    assert 'class="status waiting"' in page
    assert "It waits: a job." in page
    assert "asks a person, <code>paid_work</code>: A person decides on money." in page
    assert "Not hardware evidence: dice ran on model, a practice service." in page


def test_the_report_says_who_approved_which_job_and_what_it_cost() -> None:
    instance = {"numbers": [3, 1, 4]}
    case = prepare(Problem(family="toy", instance=instance, target=Target(metric="number", at_least=4)))
    row = Submission(
        case_id="c", attempt=0, ordinal=1, state=SubmissionState.DONE, backend="ibm_runtime:x", work="w",
        tag="t", price=Price(expected=Amounts(qpu_s=2.0, usd=3.2), cap=Amounts(qpu_s=4.0, usd=6.4)),
        job_id="job-7",
        sent_at=1795738200.0,
        opened=1795738140.0, incidents=("late <b>",),
    )  # fmt: skip
    question = Approval(
        approval_id="q", case_id="c", attempt=0, ordinal=1, subject="s", policy="p", shown={}, asked_at=1.0,
        cap=Amounts(qpu_s=4.0, usd=6.4), expires_at=1795741740.0, state=ApprovalState.USED, by="Ada <i>",
        known_as="ada on host", reason="worth it", answered_at=1795738199.0,
    )  # fmt: skip
    outcome = conclude(case, [], [], CaseStatus.HELD).model_copy(update={"paused": "it"})
    opened_at = Recorded(OPENED_AT)
    paid = (PaidWork(row, (question,), Amounts(qpu_s=3.0, usd=4.8)),)
    page = render(case, outcome, (), opened_at, paid).decode()
    assert "<h3>Paid work</h3>" in page
    for said in (
        "<code>c/0/1</code>", "job <code>job-7</code>", "sent 2026-11-27 00:10 UTC",
        "incident: late &lt;b&gt;",
        "<b>Ada &lt;i&gt;</b> approved it at 2026-11-27 00:09 UTC: worth it", "known as ada on host",
        "for at most 4.0 s, 6.40 USD", "2.0 s<br>3.20 USD", "4.0 s<br>6.40 USD", "3.0 s<br>4.80 USD",
    ):  # fmt: skip
        assert said in page
    asked = question.model_copy(update={"state": ApprovalState.ASKED, "answered_at": None})
    waiting = (PaidWork(row.model_copy(update={"state": SubmissionState.SUBMITTED}), (asked,), None),)
    page = render(case, outcome, (), opened_at, waiting).decode()
    assert "asked, until 2026-11-27 01:09 UTC" in page
    assert "not final" in page
    assert "Paid work" not in render(case, outcome, (), opened_at).decode()


def test_why_this_tier_is_said_in_plain_words_with_the_time_of_each_decision() -> None:
    target = Target(metric="number", at_least=9.5)
    closed = Closed(gate="price", tier=Tier.QUANTUM, because="It must fit.", misses=())
    decisions = [
        Decision(number=0, action=Action.ATTEMPT, tier=Tier.HPC, method="scan", backend="mpi", rule="order",
                 because="first"),
        Decision(number=1, action=Action.ABSTAIN, rule="price", because="none left", closed=(closed,)),
    ]  # fmt: skip
    found = Certificate(status=CertificateStatus.BOUNDED, kind="k", value=9.499999, verifier="v")
    tried = Attempt(
        number=0, tier=Tier.HPC, method="scan", backend="mpi", device_kind="classical", seed=1, quote=Quote(),
        status=AttemptStatus.NOT_CERTIFIED, certificate=found,
    )  # fmt: skip
    outcome = Outcome(
        case_id="c", status=CaseStatus.ABSTAINED, attempts=(tried,), decisions=tuple(decisions), target=target
    )
    times = [{"kind": "decision.added", "at": f"2026-11-27T08:00:0{each}+00:00"} for each in (1, 4)]
    first, last = steps(outcome, target, Recorded(OPENED_AT, times))
    assert first == (
        "Tried first: classical computing (HPC), scan on mpi", "2026-11-27 08:00:01 UTC",
        "It is the first in the policy's order whose conditions are met.", (),
    )  # fmt: skip
    assert (last.did, last.at) == ("Stopped without an accepted answer", "2026-11-27 08:00:04 UTC")
    # 9.499999 is never rounded to what was asked
    assert last.because.endswith("The last answer fell short: number 9.4999, asked was number at least 9.5.")
    assert last.notes == ("Not used: quantum computing. It must fit. (condition price)",)


def test_the_record_says_where_the_chain_stood_and_who_seals_it() -> None:
    event = {"kind": "case.opened", "at": OPENED_AT, "number": 7, "hash": "ab" * 32}
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    case = prepare(problem)
    outcome = conclude(case, [], [], CaseStatus.INTERRUPTED)
    page = render(case, outcome, (), Recorded(OPENED_AT, [event], "f00")).decode()
    assert f"event 7, {'ab' * 32}; the chain&#39;s end is signed by key f00 as the case closes" in page
    assert "nobody was asked" in page
    assert "not signed: no key here" in render(case, outcome, (), Recorded(OPENED_AT, [event])).decode()


def test_practice_money_is_called_so_where_it_was_paid() -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    case = prepare(problem)
    row = Submission(
        case_id="c", attempt=0, ordinal=1, state=SubmissionState.DONE, backend="ibm_runtime:practice_boston",
        work="w", tag="t", opened=1795738140.0,
    )  # fmt: skip
    outcome = conclude(case, [], [], CaseStatus.INTERRUPTED)
    page = render(case, outcome, (), Recorded(OPENED_AT), (PaidWork(row, (), None),)).decode()
    assert "All of it is practice money, nobody is charged." in page


def test_a_budget_that_is_used_up_is_named_as_the_end() -> None:
    because = "The budget is used up: 11.4 of the 10 elapsed seconds that were allowed"
    last = Decision(number=0, action=Action.ABSTAIN, rule="budget", because=because)
    found = Outcome(case_id="c", status=CaseStatus.ABSTAINED, decisions=(last,))
    (step,) = steps(found, Target(metric="cut_value", at_least=5), Recorded("2026-11-28T00:00:00Z"))
    assert step.because == f"{because}."
