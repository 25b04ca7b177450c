"""What is said to imply another condition does, for every value; what is plainly stricter is said to be."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from escalation.policy.backtest.trilean import compiled
from escalation.policy.conditions import Condition
from escalation.policy.differences.implication import Lean, implies, leaning

CONDITION: TypeAdapter[Any] = TypeAdapter(Condition)
NUMBERS = ("attempt.value", "attempt.count")


def check(data: Any) -> Any:
    return compiled(CONDITION.validate_python(data))


LEAVES = st.one_of(
    st.builds(
        lambda fact, name, limit: {"fact": fact, name: limit},
        st.sampled_from(NUMBERS),
        st.sampled_from(["at_least", "at_most", "above", "below", "equals"]),
        st.sampled_from([0, 1, 2]),
    ),
    st.builds(
        lambda name: {"fact": "attempt.value", name: {"fact": "attempt.count"}},
        st.sampled_from(["at_least", "above", "at_most", "below"]),
    ),
    st.builds(
        lambda texts: {"fact": "problem.stage", "one_of": texts},
        st.lists(st.sampled_from(["silent", "assisted", "live"]), min_size=1, max_size=2),
    ),
    st.sampled_from([{"fact": "problem.stage", "equals": "live"}]),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
VALUES = [
    {"attempt.value": value, "attempt.count": count, "problem.stage": stage}
    for value in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, None)
    for count in (0.0, 1.0, 2.0, 3.0, None)
    for stage in ("silent", "assisted", "live", None)
]


@settings(deadline=None, max_examples=150)
@given(CONDITIONS, CONDITIONS)
def test_what_implies_another_is_met_by_no_value_that_does_not_meet_the_other(one: Any, other: Any) -> None:
    first, second = check(one), check(other)
    if implies(first, second):
        assert not [each for each in VALUES if first.met(each.get) and not second.met(each.get)]


@pytest.mark.parametrize(
    ("old", "new", "lean"),
    [
        ({"at_least": 0.5}, {"at_least": 0.3}, Lean.LOOSER),
        ({"at_least": 0.5}, {"at_least": 0.7}, Lean.STRICTER),
        ({"at_least": 0.5}, {"above": 0.5}, Lean.STRICTER),
        ({"at_most": 0.5}, {"at_most": 0.3}, Lean.STRICTER),
        ({"at_most": 0.5}, {"below": 0.5}, Lean.STRICTER),
        ({"at_most": 1}, {"at_most": "1.0"}, Lean.SAME),
        ({"at_least": 1}, {"equals": 2}, Lean.STRICTER),
        ({"at_least": 1}, {"at_most": 1}, Lean.OTHERWISE),
        ({"at_least": {"fact": "attempt.count"}}, {"above": {"fact": "attempt.count"}}, Lean.STRICTER),
        ({"at_least": {"fact": "attempt.count"}}, {"at_least": 3}, Lean.OTHERWISE),
    ],
)
def test_a_limit_that_moves_leans_one_way(old: Any, new: Any, lean: Lean) -> None:
    before, after = ({"fact": "attempt.value", **each} for each in (old, new))
    assert leaning(check(before), check(after)) is lean


def test_a_further_part_is_stricter_and_an_alternative_looser() -> None:
    one = {"fact": "attempt.value", "at_least": 1}
    two = {"fact": "attempt.count", "at_most": 3}
    assert leaning(check(one), check({"all": [one, two]})) is Lean.STRICTER
    assert leaning(check(one), check({"any": [two, one]})) is Lean.LOOSER
    assert leaning(check({"all": [one, two]}), check({"all": [two, one, one]})) is Lean.SAME
