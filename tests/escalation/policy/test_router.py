from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.calibration import DeviceKind
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.decision import Action, Decision
from escalation.model.facts import Fact, FactValue
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.looking import look_at
from escalation.policy.router import decide, unknown
from escalation.policy.rules import Policy

HPC = Rung(Tier.HPC, "scan", "mpi", DeviceKind.CLASSICAL)
AI = Rung(Tier.AI, "two_looks", "local", DeviceKind.CLASSICAL)
QUANTUM = Rung(Tier.QUANTUM, "dice", "aer", DeviceKind.IDEAL_SIMULATOR)
HARDWARE = Rung(Tier.QUANTUM, "dice", "ibm_runtime:ibm_fez", DeviceKind.HARDWARE)
TARGET = Target(metric="number", at_least=10)
GOOD: dict[str, FactValue | None] = {
    "quote.expected_fidelity": 0.9,
    "device.calibration_age_h": 1.0,
    "quote.usd": 0.0,
    "budget.usd_left": 100.0,
}
Find = Callable[[Rung | None, str], Fact]
UNITS = {provider.spec.name: provider.spec.unit for provider in CORE_FACTS}


def finder(values: Mapping[str, FactValue | None], asked: list[str] | None = None) -> Find:
    def find(_: Rung | None, name: str) -> Fact:
        if asked is not None:
            asked.append(name)
        value = values.get(name)
        if value is None:
            return unknown(name)
        return Fact(name=name, value=value, unit=UNITS[name], provider="test")

    return find


def tried(
    rung: Rung,
    status: CertificateStatus,
    value: float | None = None,
    controls: tuple[Control, ...] = (),
) -> Attempt:
    certified = status is CertificateStatus.CERTIFIED
    return Attempt(
        number=0,
        tier=rung.tier,
        method=rung.method,
        backend=rung.backend,
        device_kind=str(rung.device_kind),
        seed=1,
        quote=Quote(),
        status=AttemptStatus.CERTIFIED if certified else AttemptStatus.NOT_CERTIFIED,
        certificate=Certificate(status=status, kind="k", value=value, verifier="v", controls=controls),
    )


def state(*attempts: Attempt, rungs: tuple[Rung, ...] = (HPC, AI, QUANTUM)) -> LadderState:
    return LadderState(len(attempts), "toy", TARGET, rungs, attempts)


def test_the_first_open_tier_is_tried_first(policy: Policy) -> None:
    decision = decide(policy, state(), finder({}))
    assert (decision.action, decision.tier, decision.method) == (Action.ATTEMPT, Tier.HPC, "scan")
    assert [other.tier for other in decision.alternatives] == [Tier.AI, Tier.QUANTUM]


def test_facts_of_tiers_that_are_not_in_question_are_never_asked_for(policy: Policy) -> None:
    asked: list[str] = []
    decide(policy, state(), finder(GOOD, asked))
    assert asked == []


def test_a_certified_answer_is_accepted_and_the_rest_not_considered(policy: Policy) -> None:
    decision = decide(policy, state(tried(HPC, CertificateStatus.CERTIFIED, 12.0)), finder({}))
    assert (decision.action, decision.tier) == (Action.ACCEPT, Tier.HPC)
    assert decision.nearest_flip is not None
    assert decision.nearest_flip.text == (
        "would have gone on to the next step if attempt.value were below 10 (is 12)"
    )


def test_a_bound_is_not_rounded_in_its_favour_in_what_would_have_changed_a_decision(policy: Policy) -> None:
    decision = decide(policy, state(tried(HPC, CertificateStatus.CERTIFIED, 10.00096)), finder({}))
    assert decision.nearest_flip is not None
    assert decision.nearest_flip.text.endswith("if attempt.value were below 10 (is 10.0009)")


def test_a_bound_below_the_target_escalates_and_says_what_was_missing(policy: Policy) -> None:
    decision = decide(policy, state(tried(HPC, CertificateStatus.BOUNDED, 9.0)), finder({}))
    assert (decision.action, decision.tier) == (Action.ATTEMPT, Tier.AI)
    ended = "hpc/scan ended BOUNDED at 9, the target is at least 10"
    assert decision.because == f"{ended}; ai is the next tier whose conditions are met"
    assert decision.nearest_flip is not None
    assert decision.nearest_flip.changes[0].margin == -1.0


def test_closed_gates_end_the_case_abstained_with_the_nearest_flip(policy: Policy) -> None:
    before = state(tried(HPC, CertificateStatus.BOUNDED, 9.0), tried(AI, CertificateStatus.BOUNDED, 8.0))
    decision = decide(policy, before, finder({**GOOD, "quote.usd": 31.0, "budget.usd_left": 22.0}))
    assert (decision.action, decision.rule) == (Action.ABSTAIN, "price")
    assert decision.nearest_flip is not None
    assert decision.nearest_flip.text == (
        "would have tried quantum (dice on aer) if quote.usd were at most 22 USD (is 31 USD)"
    )


def test_nothing_tried_and_nothing_open_is_a_refusal(policy: Policy) -> None:
    decision = decide(policy, state(rungs=(QUANTUM,)), finder({}))
    assert decision.action is Action.REFUSE
    assert {closed.gate for closed in decision.closed} <= {"fidelity", "age", "price"}
    assert all(miss.note for closed in decision.closed for miss in closed.misses)


def test_dear_facts_are_not_asked_for_once_cheap_ones_closed_the_tier(
    policy_with: Callable[[str, str], Policy],
) -> None:
    policy = policy_with(
        "acceptance:",
        "  - {id: home, tier: quantum, because: Data stay here., "
        "when: {fact: problem.data_may_leave_site, equals: true}}\nacceptance:",
    )
    asked: list[str] = []
    values = {**GOOD, "problem.data_may_leave_site": False}
    decision = decide(policy, state(rungs=(QUANTUM,)), finder(values, asked))
    assert asked == ["problem.data_may_leave_site"]
    assert [closed.gate for closed in decision.closed] == ["home"]


def test_money_above_the_limit_asks_a_person_first_and_so_does_an_unknown_price(policy: Policy) -> None:
    alone = state(rungs=(QUANTUM,))
    decision = decide(policy, alone, finder({**GOOD, "quote.usd": 31.0}))
    assert (decision.action, [asked.gate for asked in decision.asks]) == (Action.ATTEMPT, ["paid"])
    assert decide(policy, alone, finder({**GOOD, "quote.usd": 10.0})).asks == ()


@pytest.mark.parametrize(("p_value", "action"), [(0.01, Action.ACCEPT), (0.2, Action.ABSTAIN)])
def test_a_certified_quantum_answer_must_beat_its_null_controls(
    policy: Policy, p_value: float, action: Action
) -> None:
    control = Control(name="dice", value=1, difference=1, p_value=p_value)
    last = tried(QUANTUM, CertificateStatus.CERTIFIED, 12.0, (control,))
    decision = decide(policy, state(last, rungs=(QUANTUM,)), finder({"controls.worst_p_value": p_value}))
    assert decision.action is action


def test_without_a_control_a_certified_quantum_answer_is_not_accepted(policy: Policy) -> None:
    last = tried(QUANTUM, CertificateStatus.CERTIFIED, 12.0)
    assert decide(policy, state(last, rungs=(QUANTUM,)), finder({})).action is Action.ABSTAIN


def test_a_waiver_opens_a_gate_off_hardware_and_is_written_down(
    policy_with: Callable[[str, str], Policy],
) -> None:
    policy = policy_with("tests:", "waivers: [{gate: age, because: an old snapshot will do}]\ntests:")
    old = {**GOOD, "device.calibration_age_h": 5000.0}
    decision = decide(policy, state(rungs=(QUANTUM,)), finder(old))
    assert decision.action is Action.ATTEMPT
    assert [waived.gate for waived in decision.waived] == ["age"]
    allowed = {"site.hardware_allowed": True, "problem.data_may_leave_site": True, "site.limit_usd": 100.0}
    on_hardware = decide(policy, state(rungs=(HARDWARE,)), finder(old | allowed))
    assert on_hardware.action is Action.REFUSE
    assert [closed.gate for closed in on_hardware.closed] == ["age"]


def test_a_spent_budget_ends_the_case(policy: Policy) -> None:
    attempts = (tried(HPC, CertificateStatus.BOUNDED, 9.0),)
    spent = LadderState(1, "toy", TARGET, (HPC, AI), attempts, exhausted="9.0 of 8 wall_s")
    decision = decide(policy, spent, finder({}))
    assert (decision.action, decision.rule) == (Action.ABSTAIN, "budget")
    assert "9.0 of 8 wall_s" in decision.because


facts = st.fixed_dictionaries(
    {
        "quote.expected_fidelity": st.none() | st.floats(0, 1),
        "device.calibration_age_h": st.none() | st.floats(0, 50),
        "quote.usd": st.none() | st.floats(0, 50),
        "budget.usd_left": st.none() | st.floats(0, 50),
    }
)


@given(facts, st.permutations(range(3)))
def test_the_order_of_gates_does_not_change_what_is_open(
    policy: Policy, values: dict[str, FactValue | None], order: list[int]
) -> None:
    shuffled = policy.model_copy(update={"gates": tuple(policy.gates[i] for i in order)})
    find = finder(values)
    one = look_at(policy, "toy", QUANTUM, lambda name: find(None, name))
    other = look_at(shuffled, "toy", QUANTUM, lambda name: find(None, name))
    assert one.open == other.open
    assert {closed.gate for closed in one.closed} == {closed.gate for closed in other.closed}


@given(facts)
def test_a_decision_is_a_pure_function_of_facts_and_policy(
    policy: Policy, values: dict[str, FactValue | None]
) -> None:
    decisions: list[Decision] = [decide(policy, state(rungs=(QUANTUM,)), finder(values)) for _ in range(2)]
    assert decisions[0].digest == decisions[1].digest


@given(facts, st.sampled_from(sorted(GOOD)))
def test_forgetting_a_fact_never_opens_the_tier(
    policy: Policy, values: dict[str, FactValue | None], name: str
) -> None:
    alone = state(rungs=(QUANTUM,))
    if decide(policy, alone, finder(values)).action is not Action.ATTEMPT:
        assert decide(policy, alone, finder({**values, name: None})).action is not Action.ATTEMPT


@given(facts)
def test_the_nearest_flip_really_flips(policy: Policy, values: dict[str, FactValue | None]) -> None:
    """Set every fact of the flip to its limit, and the tier is open (or a person is asked)."""
    alone = state(rungs=(QUANTUM,))
    decision = decide(policy, alone, finder(values))
    if decision.action is not Action.REFUSE or decision.nearest_flip is None:
        return
    changed = dict(values)
    for miss in decision.nearest_flip.changes:
        if miss.limit is None:
            changed["budget.usd_left"] = 50.0
        changed[miss.fact] = miss.limit if isinstance(miss.limit, float) else 0.0
    again = decide(policy, alone, finder(changed))
    assert again.action is Action.ATTEMPT


@pytest.mark.parametrize(
    ("target", "best", "said"),
    [
        (
            Target(metric="objective", at_most=10),
            40.0,
            "No answer can reach it: proven at least 40, target at most 10",
        ),
        (
            Target(metric="objective", at_least=10),
            9.9999999,
            "No answer can reach it: proven at most 9.9999999, target at least 10",
        ),
    ],
)
def test_a_target_that_is_proven_out_of_reach_ends_the_case(
    policy: Policy, target: Target, best: float, said: str
) -> None:
    attempt = tried(HPC, CertificateStatus.BOUNDED, value=best)
    assert attempt.certificate is not None
    proven = attempt.certificate.model_copy(update={"best_possible": best})
    before = replace(state(attempt.model_copy(update={"certificate": proven})), target=target)
    decision = decide(policy, before, finder(GOOD))
    assert (decision.action, decision.rule, decision.because) == (Action.ABSTAIN, "out of reach", said)
    assert [each.method for each in decision.alternatives] == ["two_looks", "dice"]
    assert decision.nearest_flip is not None
    assert f"attempt.best_possible were {said.partition('target ')[2]}" in decision.nearest_flip.text


def test_a_target_that_may_still_be_reached_is_pursued(policy: Policy) -> None:
    """The limit itself is a value that reaches it."""
    attempt = tried(HPC, CertificateStatus.BOUNDED, value=9.0)
    assert attempt.certificate is not None
    for best in (None, 10.0, 11.0):
        proven = attempt.certificate.model_copy(update={"best_possible": best})
        going_on = state(attempt.model_copy(update={"certificate": proven}))
        assert decide(policy, going_on, finder(GOOD)).action is Action.ATTEMPT
