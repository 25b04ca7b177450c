"""The ladder driven by hand: no ledger, no backend, no process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.ladder import ladder
from escalation.engine.opening import prepare
from escalation.engine.steps import Certify, Decide, Perform, Step
from escalation.model.amounts import Amounts, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.policy.policy import parse_policy
from problems.toy.methods import TwoLooks

NUMBERS = (3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0)


@pytest.fixture
def case(policy_text: str) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": list(NUMBERS), "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=100),
        seed=7,
    )
    return prepare(problem, parse_policy(policy_text), case_id="by-hand")


@dataclass
class Hand:
    """Answers steps from a script of decisions and a function for work; keeps all steps."""

    decisions: list[Decision]
    work: Callable[[Perform], tuple[RawResult, ...]]
    quote: Quote

    def __post_init__(self) -> None:
        self.steps: list[Step] = []

    def __call__(self, step: Step) -> Any:
        self.steps.append(step)
        match step:
            case Decide():
                return self.decisions[step.state.number].model_copy(update={"quote": self.quote})
            case Perform():
                return self.work(step)
            case Certify():
                return self._certify(step)

    def _certify(self, step: Certify) -> Attempt:
        if step.candidate is None:
            return step.draft
        value = step.candidate.values["number"]
        status = CertificateStatus.CERTIFIED if value >= 9 else CertificateStatus.BOUNDED
        return step.draft.model_copy(
            update={
                "certificate": Certificate(status=status, kind="k", value=value, verifier="hand"),
                "candidate": step.candidate.to_json(),
            }
        )


def run(case: Case, hand: Hand) -> Outcome:
    steps = ladder(case)
    try:
        step = next(steps)
        while True:
            step = steps.send(hand(step))
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def decision(number: int, action: Action, method: str | None = None, tier: Tier | None = None) -> Decision:
    backend = {"scan": "mpi", "two_looks": "local", "dice": "aer", None: None}[method]
    return Decision(
        number=number, action=action, tier=tier, method=method, backend=backend, rule="r", because="b"
    )


ATTEMPT_HPC = decision(0, Action.ATTEMPT, "scan", Tier.HPC)
ATTEMPT_AI = decision(1, Action.ATTEMPT, "two_looks", Tier.AI)


def answer_with(number: float, wall_s: float = 2.0) -> Callable[[Perform], tuple[RawResult, ...]]:
    def work(step: Perform) -> tuple[RawResult, ...]:
        values = {"position": NUMBERS.index(number), "number": number}
        usage = Amounts(wall_s=wall_s, cpu_s=3.0)
        return tuple(RawResult(JobState.DONE, values, usage=usage) for _ in step.items)

    return work


def test_an_accepted_answer_ends_the_ladder(case: Case) -> None:
    hand = Hand([ATTEMPT_HPC, decision(1, Action.ACCEPT)], answer_with(9.0), Quote())
    outcome = run(case, hand)
    assert (outcome.status, outcome.tier, outcome.method) == (CaseStatus.ACCEPTED, Tier.HPC, "scan")
    assert [type(step) for step in hand.steps] == [Decide, Perform, Certify, Decide]


def test_work_goes_to_the_backend_that_the_policy_names_for_its_kind(case: Case) -> None:
    script = [ATTEMPT_HPC, ATTEMPT_AI, decision(2, Action.ABSTAIN)]
    hand = Hand(script, answer_with(4.0), Quote())
    run(case, hand)
    performed = [item for step in hand.steps if isinstance(step, Perform) for item in step.items]
    assert [(item.backend, type(item.work)) for item in performed] == [
        ("mpi", MpiProgram), ("local", LocalCall), ("local", LocalCall),
    ]  # fmt: skip
    assert [str(item.key) for item in performed] == ["by-hand/0/0", "by-hand/1/0", "by-hand/1/1"]


def test_a_tuple_of_work_costs_the_longest_elapsed_and_all_processor_time(case: Case) -> None:
    script = [ATTEMPT_AI.model_copy(update={"number": 0}), decision(1, Action.ABSTAIN)]
    outcome = run(case, Hand(script, answer_with(4.0), Quote()))
    assert (outcome.cost.wall_s, outcome.cost.cpu_s) == (2.0, 6.0)


def test_failed_work_is_sent_back_and_the_method_decides(case: Case) -> None:
    def one_fails(step: Perform) -> tuple[RawResult, ...]:
        good = RawResult(JobState.DONE, {"position": 5, "number": 9.0})
        return (RawResult(JobState.FAILED, error="broke"), good)[: len(step.items)]

    script = [ATTEMPT_AI.model_copy(update={"number": 0}), decision(1, Action.ACCEPT)]
    outcome = run(case, Hand(script, one_fails, Quote()))
    assert outcome.value == 9.0

    script = [ATTEMPT_HPC, decision(1, Action.ABSTAIN)]
    outcome = run(case, Hand(script, one_fails, Quote()))
    assert outcome.attempts[0].status is AttemptStatus.FAILED
    assert outcome.attempts[0].error == "the work ended failed: broke"


def test_a_method_that_returns_no_candidate_has_failed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Any, view: Any, seed: int) -> Any:
        yield self._work(view)

    monkeypatch.setattr("problems.toy.methods.Scan.solve", forgetful)
    outcome = run(case, Hand([ATTEMPT_HPC, decision(1, Action.ABSTAIN)], answer_with(9.0), Quote()))
    assert outcome.attempts[0].status is AttemptStatus.FAILED
    assert outcome.attempts[0].error == "expected a candidate, got None"


def test_more_shots_than_quoted_are_performed_only_when_a_person_says_so(case: Case) -> None:
    script = [decision(0, Action.ATTEMPT, "dice", Tier.QUANTUM), decision(1, Action.ABSTAIN)]
    hand = Hand(script, answer_with(9.0), Quote(circuits=1, shots=15))
    run(case, hand)
    [item] = [item for step in hand.steps if isinstance(step, Perform) for item in step.items]
    assert [(rule.gate, rule.because) for rule in item.asks] == [
        ("quote", "The method asks for 16 shots, and quoted 15")
    ]
    assert item.quote is None


def test_a_person_is_asked_about_what_goes_where_the_attempt_does_and_not_about_what_prepares_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(self: Any, view: Any, seed: int) -> Any:
        yield TwoLooks()._work(view, seed)
        yield self._work(view, seed)
        return Candidate(values={"position": 0, "number": 3.0})

    monkeypatch.setattr("problems.toy.methods.Dice.solve", both)
    rule = Closed(gate="money", tier=Tier.QUANTUM, because="A person decides on money.", misses=())
    attempt = decision(0, Action.ATTEMPT, "dice", Tier.QUANTUM).model_copy(update={"asks": (rule,)})
    hand = Hand([attempt, decision(1, Action.ABSTAIN)], answer_with(3.0), Quote(circuits=1, shots=16))
    run(case, hand)
    performed = [item for step in hand.steps if isinstance(step, Perform) for item in step.items]
    assert [(item.backend, item.asks) for item in performed] == [
        ("local", ()), ("local", ()), ("aer", (rule,)),
    ]  # fmt: skip


def test_alpha_is_divided_by_the_rungs_declared_not_by_those_taken(case: Case) -> None:
    hand = Hand([ATTEMPT_HPC, decision(1, Action.ACCEPT)], answer_with(9.0), Quote())
    run(case, hand)
    (certify,) = [step for step in hand.steps if isinstance(step, Certify)]
    assert len(case.rungs()) == 3
    assert certify.alpha == pytest.approx(0.05 / 3)


def test_a_used_up_budget_is_said_to_the_next_decision(case: Case) -> None:
    hand = Hand([ATTEMPT_HPC, decision(1, Action.ABSTAIN)], answer_with(4.0, wall_s=100.5), Quote())
    run(case, hand)
    last = hand.steps[-1]
    assert isinstance(last, Decide)
    assert last.state.exhausted == "100.5 of the 100 elapsed seconds that were allowed"


def test_later_attempts_get_what_earlier_ones_left_of_the_elapsed_time(case: Case) -> None:
    script = [ATTEMPT_HPC, ATTEMPT_AI, decision(2, Action.ABSTAIN)]
    hand = Hand(script, answer_with(4.0, wall_s=30.0), Quote())
    run(case, hand)
    items = [item for step in hand.steps if isinstance(step, Perform) for item in step.items]
    assert [item.wall_s_left for item in items] == [100.0, 70.0, 70.0]


def test_the_best_effort_of_an_abstained_case_is_returned_as_what_it_is(case: Case) -> None:
    values = iter([5.0, 6.0])

    def work(step: Perform) -> tuple[RawResult, ...]:
        return answer_with(next(values))(step)

    outcome = run(case, Hand([ATTEMPT_HPC, ATTEMPT_AI, decision(2, Action.ABSTAIN)], work, Quote()))
    assert (outcome.status, outcome.method, outcome.value) == (CaseStatus.ABSTAINED, "two_looks", 6.0)
    assert outcome.certificate is not None
    assert outcome.certificate.status is CertificateStatus.BOUNDED


def test_the_same_answers_give_the_same_steps(case: Case) -> None:
    script = [ATTEMPT_HPC, ATTEMPT_AI, decision(2, Action.ABSTAIN)]
    first, second = (Hand(list(script), answer_with(4.0), Quote()) for _ in range(2))
    assert run(case, first).digest == run(case, second).digest

    def works(hand: Hand) -> list[str]:
        return [item.work.digest for step in hand.steps if isinstance(step, Perform) for item in step.items]

    assert works(first) == works(second)
