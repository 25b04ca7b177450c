from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from escalation.model.facts import Fact, FactValue
from escalation.policy.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Lookup,
    Threshold,
    fact_names,
    misses,
    split_quantity,
    thresholds,
    words,
)
from escalation.policy.router import unknown

adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
NAMES = ("a.x", "a.y", "a.z")


def lookup_in(values: Mapping[str, FactValue | None]) -> Lookup:
    def lookup(name: str) -> Fact:
        value = values.get(name)
        return unknown(name) if value is None else Fact(name=name, value=value, provider="test")

    return lookup


def test_threshold_is_met_at_its_limit_only_where_the_comparison_includes_it() -> None:
    at_limit = lookup_in({"a.x": 3.0})
    for name, met in (("at_least", True), ("at_most", True), ("above", False), ("below", False)):
        condition = adapter.validate_python({"fact": "a.x", name: 3})
        assert (misses(condition, at_limit) == ()) is met


@pytest.mark.parametrize("name", ["at_least", "at_most", "above", "below", "equals"])
def test_an_unknown_fact_meets_nothing(name: str) -> None:
    condition = adapter.validate_python({"fact": "a.x", name: 3})
    (miss,) = misses(condition, lookup_in({}))
    assert miss.value is None
    assert words(miss).endswith("(is unknown (not provided))")


def test_a_limit_that_is_an_unknown_fact_is_not_met() -> None:
    condition = adapter.validate_python({"fact": "a.x", "at_most": {"fact": "a.y"}})
    assert misses(condition, lookup_in({"a.x": 1.0, "a.y": 2.0})) == ()
    (miss,) = misses(condition, lookup_in({"a.x": 1.0}))
    assert miss.note.startswith("limit a.y is")


def test_a_flag_is_not_the_number_one() -> None:
    condition = adapter.validate_python({"fact": "a.x", "equals": True})
    assert misses(condition, lookup_in({"a.x": True})) == ()
    assert misses(condition, lookup_in({"a.x": 1.0})) != ()


def test_one_of_compares_texts() -> None:
    condition = adapter.validate_python({"fact": "a.x", "one_of": ["u", "v"]})
    assert misses(condition, lookup_in({"a.x": "v"})) == ()
    assert misses(condition, lookup_in({"a.x": "w"})) != ()


def test_margin_is_value_minus_limit() -> None:
    condition = adapter.validate_python({"fact": "a.x", "at_most": "22 USD"})
    (miss,) = misses(condition, lookup_in({"a.x": 31.0}))
    assert (miss.margin, miss.limit) == (9.0, 22.0)


def test_any_names_the_part_that_is_nearest_to_being_met() -> None:
    condition = adapter.validate_python(
        {"any": [{"fact": "a.x", "at_least": 10}, {"fact": "a.y", "at_least": 10}]}
    )
    (miss,) = misses(condition, lookup_in({"a.x": 1.0, "a.y": 9.0}))
    assert miss.fact == "a.y"


def test_thresholds_are_walked_with_their_paths() -> None:
    condition = adapter.validate_python(
        {"all": [{"fact": "a.x", "above": 1}, {"any": [{"fact": "a.y", "above": {"fact": "a.z"}}]}]}
    )
    assert [path for _, path in thresholds(condition)] == [("all", 0), ("all", 1, "any", 0)]
    assert fact_names(condition) == set(NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 h", (24.0, "h")),
        ("1e-3", (0.001, "")),
        (".5 s", (0.5, "s")),
        (5, (5.0, "")),
        ("soon", None),
        (True, None),
        ("1.2.3 h", None),
        (". h", None),
        ("1e999 h", None),
    ],
)
def test_quantities_are_a_number_and_a_unit(text: str, expected: object) -> None:
    assert split_quantity(text) == expected


def test_a_limit_of_infinity_is_not_met_by_everything() -> None:
    condition = Threshold.model_validate({"fact": "a.x", "at_most": "1e999"})
    assert misses(condition, lookup_in({"a.x": 1.0}))


def conditions() -> st.SearchStrategy[Condition]:
    single = st.builds(
        lambda fact, name, limit: Threshold.model_validate({"fact": fact, name: limit}),
        st.sampled_from(NAMES),
        st.sampled_from(["at_least", "at_most", "above", "below"]),
        st.integers(-3, 3),
    )
    return st.recursive(
        single,
        lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda parts: st.sampled_from([AllOf(all=tuple(parts)), AnyOf(any=tuple(parts))])
        ),
        max_leaves=6,
    )


values = st.fixed_dictionaries(dict.fromkeys(NAMES, st.none() | st.floats(-4, 4)))


def obviously_met(condition: Condition, known: Mapping[str, float | None]) -> bool:
    """The slow, obvious twin."""
    if isinstance(condition, AllOf):
        return all(obviously_met(part, known) for part in condition.all)
    if isinstance(condition, AnyOf):
        return any(obviously_met(part, known) for part in condition.any)
    value, limit = known[condition.fact], condition.limit
    if value is None:
        return False
    met: dict[str, bool] = {
        "at_least": value >= limit, "at_most": value <= limit, "above": value > limit, "below": value < limit,
    }  # fmt: skip
    return met[condition.comparison]


@given(conditions(), values)
def test_a_condition_is_met_exactly_when_nothing_is_missed(
    condition: Condition, known: dict[str, float | None]
) -> None:
    assert (misses(condition, lookup_in(known)) == ()) is obviously_met(condition, known)


@given(conditions(), values, st.sampled_from(NAMES))
def test_forgetting_a_fact_never_opens_a_condition(
    condition: Condition, known: dict[str, float | None], name: str
) -> None:
    if misses(condition, lookup_in(known)):
        assert misses(condition, lookup_in({**known, name: None}))


@given(conditions(), values)
def test_meeting_every_miss_meets_the_condition_where_facts_are_not_shared(
    condition: Condition, known: dict[str, float | None]
) -> None:
    facts = [threshold.fact for threshold, _ in thresholds(condition)]
    missed = misses(condition, lookup_in(known))
    if len(facts) != len(set(facts)) or not missed:
        return
    nudge = {"at_least": 0.0, "at_most": 0.0, "above": 1.0, "below": -1.0}
    changed = {
        **known,
        **{m.fact: float(m.limit) + nudge[m.comparison] for m in missed if isinstance(m.limit, float | int)},
    }
    assert misses(condition, lookup_in(changed)) == ()
