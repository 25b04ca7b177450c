"""An answer in words, against counts and objectives worked out by hand."""

import numpy as np
import pytest

from problems.optimisation.model.metrics import stated
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.model.points import Point
from problems.optimisation.report.in_words import words
from tests.problems.optimisation.small_clinic import at, clinic, ward

BITS = np.array([1, 0, 1], dtype=np.int32)


def test_who_is_not_treated_is_named() -> None:
    # waiting: 16 * 49 for P1, 16 * 56 for P2, who is refused, 16 * 10 for P3; two slots are an hour; Dr
    # Haddad is with P3 for one of 8 hours
    assert words(clinic("P1", "P2", "P3"), at((0, 0, 49), (-1, -1, -1), (1, 1, 10))) == (
        "2 of 3 patients treated; not treated: P2",
        "the most urgent (2 patients of urgency 5): 14.8 h of waiting on average, 24.5 h at most",
        "busiest is Dr Haddad, with patients 12 % of the time at work",
        "weighted waiting 920 hours",
    )


def test_where_everybody_is_treated_nobody_is_named() -> None:
    assert words(clinic("P1", "P2"), at((0, 0, 0), (1, 1, 0))) == (
        "2 of 2 patients treated",
        "the most urgent (2 patients of urgency 5): no waiting",
        "busiest is Dr Haddad, with patients 12 % of the time at work",
        "weighted waiting 0 hours",
    )


def test_of_many_who_are_left_out_the_first_are_named_and_the_others_counted() -> None:
    names = [f"P{number}" for number in range(25)]
    line = words(clinic(*names), at(*[(-1, -1, -1)] * 25))[0]
    assert line == f"0 of 25 patients treated; not treated: {', '.join(names[:20])} and 5 more"


def test_who_is_not_placed_is_named_the_greatest_benefit_first() -> None:
    # benefits 3, 4 and 5; C's is not worth less anywhere
    assert words(ward("A", "B", "C"), np.array([-1, -1, 0], dtype=np.int32)) == (
        "1 of 3 patients placed; not placed: B, A",
        "benefit 5",
    )


@pytest.mark.parametrize(
    ("model", "point", "said"),
    [
        (
            MaxCut(vertices=3, edges=((0, 1, 1), (1, 2, 2))),
            BITS,
            "a cut of weight 3: 2 vertices on one side, 1 on the other",
        ),
        (IndependentSet(vertices=3, edges=((0, 1),)), BITS, "an independent set of 2 of 3 vertices"),
        (Qubo(linear=(1, -1, 3), quadratic=()), BITS, "objective 4: 2 of 3 variables are 1"),
    ],
)
def test_of_bits_it_is_the_objective_and_how_many(model: Model, point: Point, said: str) -> None:
    assert words(model, point) == (said,)


def test_an_objective_and_a_bound_are_rounded_apart() -> None:
    # least: 1057/12 = 88.0833… and a bound of 1012/12 = 84.3333…; most: 1/3 = 0.3333…
    least = clinic("P1").model_copy(update={"scale": 12})
    assert (stated(least, 1057), stated(least, 1012, bound=True)) == ("88.0834", "84.3333")
    assert stated(least, 1056) == "88"
    most = MaxCut(vertices=2, edges=((0, 1, 1),), scale=3)
    assert (stated(most, -1), stated(most, -1, bound=True)) == ("0.3333", "0.3334")
