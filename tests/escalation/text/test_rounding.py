"""Numbers in few digits, against roundings done by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.model.problem import Target
from escalation.text.rounding import Way, at_worst, rounded, seconds


@pytest.mark.parametrize(
    ("value", "up", "down", "nearest"),
    [
        (88.08333333333333, "88.0834", "88.0833", "88.0833"),
        (-88.08333333333333, "-88.0833", "-88.0834", "-88.0833"),
        (0.042573321, "0.04258", "0.04257", "0.04257"),
        (0.0000301, "0.0000301", "0.0000301", "0.0000301"),
        (116875000.123456, "116875000.1235", "116875000.1234", "116875000.1235"),
        (88.1, "88.1", "88.1", "88.1"),
        (44.0, "44", "44", "44"),
        (0.0, "0", "0", "0"),
        (1e-12, "1E-12", "1E-12", "1E-12"),
        (0.99999, "1", "0.9999", "1"),
        (1e20, "100000000000000000000", "100000000000000000000", "100000000000000000000"),
    ],
)
def test_few_digits_to_the_side_that_is_asked_for(value: float, up: str, down: str, nearest: str) -> None:
    assert tuple(rounded(value, way) for way in (Way.UP, Way.DOWN, Way.NEAREST)) == (up, down, nearest)


@given(st.fractions(max_denominator=10**9))
def test_no_rounding_passes_the_number(value: Fraction) -> None:
    assert Fraction(rounded(value, Way.DOWN)) <= value <= Fraction(rounded(value, Way.UP))


def test_a_value_just_short_of_its_target_never_reads_as_having_reached_it() -> None:
    assert at_worst(0.050000001, Target(metric="gap", at_most=0.05)) == "0.05001"
    assert at_worst(0.969999, Target(metric="roc_auc", at_least=0.97)) == "0.9699"
    assert at_worst(0.969999, None) == "0.97"


def test_times_have_no_digits_that_nobody_reads() -> None:
    given = (2.12111, 2.0, 60.0, 47.43, 0.25, 3600.0)
    assert [seconds(value) for value in given] == ["2.1", "2", "60", "47", "0.25", "3600"]
