"""What is proven, as a sentence; every number by hand."""

import numpy as np
import pytest

from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Target
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo
from problems.optimisation.report.in_words import asked
from problems.optimisation.report.proven import rests_on, what_would_help
from problems.optimisation.report.waiting import waiting
from tests.problems.optimisation.small_clinic import at, clinic, ward

CUT = MaxCut(vertices=3, edges=((0, 1, 1), (1, 2, 2)))
GAP = Target(metric="gap", at_most=0.01)


def found(cost: int | None = None, bound: int | None = None, scale: int = 1, **more: object) -> Certificate:
    evidence = {"objective_units": cost, "bound_units": bound, "scale": scale}
    fields = {"status": CertificateStatus.BOUNDED, "kind": "k", "verifier": "v", "evidence": evidence}
    return Certificate.model_validate({**fields, **more})


@pytest.mark.parametrize(
    ("cost", "bound", "scale", "said"),
    [
        (1000, 991, 2, "more than 0.9 % better"),  # 9 of 1000
        (1000, 999, 2, "more than 0.1 % better"),
        (3, 2, 1, "more than 33.4 % better"),  # a third, rounded up
        (30000, 29999, 1, "more than 0.003334 % better"),
        (0, -5, 2, "more than 2.5 better"),  # no share of nothing: in its own unit
    ],
)
def test_how_much_better_another_could_be_is_rounded_up(cost: int, bound: int, scale: int, said: str) -> None:
    assert rests_on(clinic("P1"), found(cost, bound, scale)).startswith(
        f"No schedule can be {said}, which is proven; that this one keeps every shift"
    )


def test_the_best_is_said_to_be_the_best() -> None:
    assert rests_on(CUT, found(-3, -3)) == (
        "No cut can be better, which is proven; its weight was computed anew apart from the search"
    )


def test_without_a_bound_it_is_said_that_nobody_knows() -> None:
    assert rests_on(ward("A"), found(-300, None)).startswith(
        "How much better another placement could be is not known; that this one keeps every capacity"
    )


def test_what_would_help_depends_on_what_is_missing() -> None:
    no_bound = what_would_help(CUT, GAP, found(), 15)
    assert no_bound.startswith("No bound was shown, and gap needs one: search longer than 15 s (search_s)")
    assert what_would_help(CUT, GAP, found(value=0.03217), 15) == (
        "It reaches gap 0.03217, asked was 0.01: search longer than 15 s (search_s), or ask for less"
    )
    out_of_reach = Target(metric="objective", at_least=5)
    assert what_would_help(CUT, out_of_reach, found(value=3, best_possible=3), 15) == (
        "It reaches objective 3, asked was 5; no cut goes beyond 3, which is proven"
    )


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (clinic("P1", "P2"), "Schedule 2 patients with 2 clinicians in 2 rooms"),
        (ward("A"), "Place 1 patient in 2 places"),
        (CUT, "Cut a graph of 3 vertices and 2 edges in two so that the edges between weigh most"),
        (
            IndependentSet(vertices=3, edges=((0, 1),)),
            "Choose as many vertices without a common edge as can be, in a graph of 3 vertices and 1 edge",
        ),
        (Qubo(linear=(1, -1), quadratic=()), "Set 2 variables so that the objective is largest"),
    ],
)
def test_the_title_says_what_is_asked(model: object, said: str) -> None:
    assert asked(model) == said  # type: ignore[arg-type]


def test_the_waiting_of_the_most_urgent_comes_before_that_of_all() -> None:
    model = clinic("P1", "P2")
    calm = model.patients[1].model_copy(update={"urgency": 2})
    model = model.model_copy(update={"patients": (model.patients[0], calm)})
    # half-hour slots: P1 starts in slot 1, P2 in slot 9; an hour each, of 11 hours of one and 8 of the other
    assert waiting(model, at((0, 0, 1), (1, 1, 9))) == (
        "the most urgent (1 patient of urgency 5): 30 min of waiting on average, 30 min at most; "
        "all who are treated: 2.5 h of waiting on average, 4.5 h at most",
        "busiest is Dr Haddad, with patients 12 % of the time at work",
    )


def test_of_nobody_nothing_is_said() -> None:
    assert waiting(clinic("P1"), np.array([[-1, -1, -1]], dtype=np.int32)) == ()
