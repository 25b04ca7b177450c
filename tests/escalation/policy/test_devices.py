"""A policy that prefers among several devices: the best of those that are open, and it opens none."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.model.calibration import DeviceKind
from escalation.model.decision import Action
from escalation.model.errors import PolicyError
from escalation.model.facts import Fact
from escalation.model.problem import Target, Tier
from escalation.policy.differences.policies import policy_diff
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.looking import look_at
from escalation.policy.policy import parse_policy
from escalation.policy.router import decide
from escalation.policy.rungs import rungs_of
from escalation.ports.registry import family

POLICY = """\
policy: prefers
summary: for tests
tiers: [quantum]
backends: {circuit_batch: aer}
prefer:
  circuit_batch: {among: [statevector_mpi, aer], least: quote.usd, because: The cheapest one will do.}
gates:
  - {id: up, tier: quantum, because: It is to take work., when: {fact: device.available, equals: true}}
"""
NAMES = ("first", "second", "third")
Value = float | None


@dataclass(frozen=True)
class Device:
    """What is found of a device."""

    available: bool | None
    usd: Value


devices = st.lists(
    st.builds(
        Device,
        st.sampled_from([True, False, None]),
        st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0])),
    ),
    min_size=3,
    max_size=3,
)


def finder(found: list[Device]) -> Callable[[Rung | None, str], Fact]:
    by_name = dict(zip(NAMES, found, strict=True))

    def find(rung: Rung | None, name: str) -> Fact:
        assert rung is not None
        device = by_name[rung.backend]
        value: bool | float | None = device.available if name == "device.available" else device.usd
        return Fact(name=name, value=value, provider="test")

    return find


def rung(*, most: bool) -> Rung:
    among = tuple(Rung(Tier.QUANTUM, "m", name, DeviceKind.IDEAL_SIMULATOR) for name in NAMES)
    kind = DeviceKind.IDEAL_SIMULATOR
    return Rung(Tier.QUANTUM, "m", "second", kind, among, "quote.usd", most)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(devices, st.booleans())
def test_it_takes_the_best_open_device_and_opens_none(found: list[Device], most: bool) -> None:
    policy = parse_policy(POLICY).policy
    state = LadderState(0, "toy", Target(metric="m", at_least=1), (rung(most=most),))
    decision = decide(policy, state, finder(found))
    # The slow twin: every device alone, in order.
    alone = {
        name: look_at(policy, "toy", each, lambda fact, each=each: finder(found)(each, fact)).open  # type: ignore[misc]
        for name, each in zip(NAMES, rung(most=most).among, strict=True)
    }
    by_name = dict(zip(NAMES, found, strict=True))
    usable = [name for name in NAMES if alone[name]]
    assert (decision.action is Action.ATTEMPT) == bool(usable)
    if not usable:
        assert [each.backend for each in decision.considered if each.chosen] == ["second"]
        return
    known = [name for name in usable if by_name[name].usd is not None]
    best = known or usable
    if known:
        values = [by_name[name].usd or 0.0 for name in known]
        aim = max(values) if most else min(values)
        best = [name for name in known if by_name[name].usd == aim]
    assert decision.backend == best[0]
    assert alone[str(decision.backend)]
    of_taken = finder([by_name[str(decision.backend)]] * 3)
    again = decide(policy, state, of_taken, considered=decision.considered)
    assert again == decision


def test_the_decision_says_what_was_compared() -> None:
    policy = parse_policy(POLICY).policy
    state = LadderState(0, "toy", Target(metric="m", at_least=1), (rung(most=False),))
    found = [Device(True, 3.0), Device(False, 0.0), Device(True, 2.0)]
    decision = decide(policy, state, finder(found))
    assert decision.because.endswith(
        "; of 3 devices third is preferred (least quote.usd: first 3 USD; second not open, up; third 2 USD)"
    )
    assert [(each.backend, each.value, each.closed) for each in decision.considered] == [
        ("first", 3.0, ()),
        ("second", None, ("up",)),
        ("third", 2.0, ()),
    ]
    assert [fact.value for fact in decision.facts] == [True, 2.0]  # those of the device that is taken


def test_rungs_know_their_devices_and_other_policies_keep_their_digest() -> None:
    found = rungs_of(parse_policy(POLICY).policy, family("toy"))
    assert [[each.backend for each in one.among] for one in found] == [["statevector_mpi", "aer"]]
    without = POLICY.replace(POLICY[POLICY.index("prefer:") : POLICY.index("gates:")], "")
    assert "prefer" not in parse_policy(without).policy.to_json()


@pytest.mark.parametrize(
    ("was", "is_", "message"),
    [
        ("least: quote.usd", "least: quote.cost", "6: prefer.circuit_batch.least: unknown fact 'quote.cost'"),
        ("least: quote.usd", "least: device.kind", "expected a number to compare, and device.kind is a text"),
        ("least: quote.usd", "least: quote.usd, most: quote.usd", "expected one of least and most"),
        ("[statevector_mpi, aer]", "[aer]", "at least 2 items"),
        ("[statevector_mpi, aer]", "[aer, aer]", "expected each device once"),
        ("[statevector_mpi, aer]", "[statevector_mpi, mpi]", "'mpi' runs mpi_program, not circuit_batch"),
        ("backends: {circuit_batch: aer}", "backends: {}", "expected the device that backends names"),
    ],
)
def test_a_preference_that_says_nothing_is_refused_with_its_line(was: str, is_: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse_policy(POLICY.replace(was, is_))
    assert message in str(error.value)


def test_a_changed_preference_is_a_difference_in_words() -> None:
    old = parse_policy(POLICY).policy
    new = parse_policy(POLICY.replace("least: quote.usd", "most: quote.expected_fidelity")).policy
    (one,) = policy_diff(old, new).deciding
    assert (one.about, one.words) == (
        "devices of circuit_batch",
        "of statevector_mpi, aer the open one with the least quote.usd → "
        "of statevector_mpi, aer the open one with the most quote.expected_fidelity",
    )
