"""What is told of past decisions is what the router would decide on all the facts."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.problem import DataClass, Problem, Target
from escalation.policy.backtest.comparing import DecisionChange, compare
from escalation.policy.backtest.plans import Plans
from escalation.policy.backtest.routing import course_of
from escalation.policy.ladder_state import LadderState
from escalation.policy.policy import LoadedPolicy, parse_policy
from escalation.policy.router import decide
from escalation.policy.rungs import rungs_of
from escalation.ports.registry import family
from escalation.testing.decided_cases import Came, DecidedCase, decided_case

PROBLEM = Problem(
    family="toy", instance={}, target=Target(metric="number", at_least=10), data_class=DataClass.PUBLIC
)
HALVES = st.sampled_from([0.0, 0.5, 1.0, None])
FACTS = st.fixed_dictionaries(
    {
        "quote.expected_fidelity": HALVES,
        "device.calibration_age_h": HALVES,
        "device.available": st.sampled_from([True, False, None]),
        "quote.usd": HALVES,
        "budget.usd_left": HALVES,
        "site.simulable_log2": HALVES,
    }
)
CAME = st.fixed_dictionaries(
    {
        method: st.one_of(
            st.just(Came()),
            st.builds(
                lambda value, best, p: Came(_certificate(value, best, p), certified=value >= 10),
                st.sampled_from([8.0, 11.0]),
                st.sampled_from([None, 9.0, 12.0]),
                st.sampled_from([0.0, 0.04, 0.5]),
            ),
        )
        for method in ("scan", "two_looks", "dice")
    }
)
THRESHOLDS = st.sampled_from(
    [
        "{fact: quote.expected_fidelity, at_least: 0.5}",
        "{fact: quote.expected_fidelity, above: 0.5}",
        "{fact: device.calibration_age_h, at_most: 0 h}",
        "{fact: device.available, equals: true}",
        "{fact: quote.usd, at_most: {fact: budget.usd_left}}",
        "{fact: site.simulable_log2, below: 1}",
        "{fact: attempt.count, at_most: 1}",
        "{fact: problem.stage, one_of: [silent, live]}",
    ]
)
CONDITIONS = st.recursive(
    THRESHOLDS,
    lambda inner: st.builds(
        lambda name, parts: f"{{{name}: [{', '.join(parts)}]}}",
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
ACCEPTANCE = ("{fact: controls.worst_p_value, at_most: 0.05}", "{fact: attempt.value, above: 11}")


def _certificate(value: float, best: float | None, p_value: float) -> Certificate:
    return Certificate(
        status=CertificateStatus.CERTIFIED if value >= 10 else CertificateStatus.BOUNDED,
        kind="a proof",
        value=value,
        best_possible=best,
        verifier="v",
        controls=(Control(name="null", value=1.0, difference=1.0, p_value=p_value),),
    )


def _gate(number: int, tier: str, when: str) -> str:
    return f"  - {{id: g{number}, tier: {tier}, because: For this very test., when: {when}}}\n"


@st.composite
def policies(draw: Any) -> LoadedPolicy:
    tiers = st.sampled_from(["hpc", "ai", "quantum"])
    gates = draw(st.lists(st.tuples(tiers, CONDITIONS), max_size=4))
    text = "policy: drawn\nsummary: s\ntiers: [hpc, ai, quantum]\n"
    text += "backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}\n"
    if gates:
        text += "gates:\n" + "".join(_gate(at, *gate) for at, gate in enumerate(gates))
    for tier in draw(st.sets(st.sampled_from(["hpc", "quantum"]), max_size=1)):
        when = draw(st.sampled_from(ACCEPTANCE))
        text += f"acceptance:\n  - {{id: a, tier: {tier}, because: For this very test., when: {when}}}\n"
    if draw(st.booleans()):
        text += f"approvals:\n  - {{id: p, tier: ai, because: For this test., unless: {draw(THRESHOLDS)}}}\n"
    return parse_policy(text)


@settings(deadline=None, max_examples=100)
@given(policies(), policies(), FACTS, CAME)
def test_what_is_told_is_what_the_router_decides_on_all_the_facts(
    old: LoadedPolicy, new: LoadedPolicy, facts: Any, came: Any
) -> None:
    script = DecidedCase(old, PROBLEM, came, facts)
    case = decided_case(script)
    rungs = rungs_of(new.policy, family("toy"))
    for found, decision, tried in zip(
        compare(case, Plans(new.policy)), case.decisions, case.attempted, strict=True
    ):
        if found.verdict is DecisionChange.UNTOLD:
            continue
        state = LadderState(found.number, "toy", PROBLEM.target, rungs, case.tried(tried))
        expected = course_of(decide(new.policy, state, script.finder(state.attempts)).to_json())
        assert found.was == course_of(decision)
        if found.now is None:  # a change is told only where it is certain
            assert found.verdict is DecisionChange.CHANGED
            assert expected != found.was
            continue
        assert found.now == expected
        assert (found.verdict is DecisionChange.SAME) == (found.was == found.now)
        assert bool(found.reasons) == (found.verdict is DecisionChange.CHANGED)


@settings(deadline=None, max_examples=40)
@given(policies(), FACTS, CAME)
def test_the_policy_that_decided_decides_the_same_again(old: LoadedPolicy, facts: Any, came: Any) -> None:
    case = decided_case(DecidedCase(old, PROBLEM, came, facts))
    assert {found.verdict for found in compare(case, Plans(old.policy))} == {DecisionChange.SAME}
