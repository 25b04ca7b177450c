"""Shares of time that are learned: on histories in which the right choice is known by construction."""

import pytest

from escalation.model.report import Report
from problems.optimisation.learning import choose as module
from problems.optimisation.learning.choose import best_fixed, choose, insured, shares
from problems.optimisation.learning.features import NAMES
from problems.optimisation.learning.history import Trial, write_history
from problems.optimisation.learning.predict import Expected, Learner
from problems.optimisation.model.models import MaxCut, dump
from problems.optimisation.portfolio.plan import usual_shares


def trial(number: int, engine: str, primal: float, dual: float, size: float = 5.0) -> Trial:
    return Trial(
        recipe=f'{{"number":{number}}}',
        kind="max_cut",
        engine=engine,
        seconds=5,
        cost=-10,
        bound=-12,
        primal=primal,
        dual=dual,
        features={"log_size": size, "density": 0.1},
    )


def by_size(count: int = 12) -> list[Trial]:
    """Small instances are for the exact engine, large ones for the heuristic: features decide."""
    rows = []
    for number in range(count):
        small = number % 2 == 0
        size = 5.0 + number / count if small else 10.0 + number / count
        rows += [
            trial(number, "semidefinite", 0.001 if small else 0.5, 0.001 if small else 0.9, size),
            trial(number, "tabu", 0.1 if small else 0.002, 1.0, size),
            trial(number, "annealing", 0.6, 0.95, size),
        ]
    return rows


def test_what_is_expected_follows_the_features() -> None:
    learner = Learner(by_size(), seed=1)
    small = {each.engine: each for each in learner.expect({"log_size": 5.2, "density": 0.1})}
    large = {each.engine: each for each in learner.expect({"log_size": 10.8, "density": 0.1})}
    assert small["semidefinite"].primal < small["tabu"].primal
    assert large["tabu"].primal < large["semidefinite"].primal
    assert best_fixed(by_size(), "primal") == "tabu"
    assert best_fixed(by_size(), "dual") == "semidefinite"


def test_shares_are_divided_between_finding_and_bounding() -> None:
    expected = [
        Expected("finder", primal=0.01, dual=1.0),
        Expected("second", primal=0.03, dual=1.0),
        Expected("prover", primal=0.5, dual=0.01),
        Expected("relaxed", primal=1.0, dual=0.01),
        Expected("useless", primal=0.9, dual=0.9),
    ]
    assert shares(expected) == {"finder": 0.375, "prover": 0.25, "relaxed": 0.25, "second": 0.125}


def test_a_quarter_of_the_time_stays_with_the_usual_shares() -> None:
    blended = insured({"tabu": 3.0, "cp_sat": 1.0}, {"tabu": 0.2, "annealing": 0.2})
    # tabu: 3/4 of 3/4, and 1/4 of 1/2.
    assert blended == {"annealing": 0.125, "cp_sat": 0.1875, "tabu": 0.6875}


def test_the_choice_is_the_same_twice_and_says_what_it_rests_on() -> None:
    model = MaxCut(vertices=4, edges=((0, 1, 1), (1, 2, 1), (2, 3, 1)))
    inputs = {"model": dump(model), "history": write_history(by_size(), NAMES)}
    once, again = (choose({"seed": 3}, inputs, Report()).values for _ in range(2))
    assert once == again
    assert once["instances"] == 12
    assert sum(once["learned"].values()) == pytest.approx(1.0, abs=1e-3)
    assert {each["engine"] for each in once["expected"]} == {"semidefinite", "tabu", "annealing"}
    assert set(once["learned"]) == set(usual_shares(model))


@pytest.mark.parametrize("helps", [True, False])
def test_learned_shares_are_used_only_where_they_were_shown_to_help(
    helps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELPS", frozenset({"max_cut"} if helps else {"qubo"}))
    model = MaxCut(vertices=4, edges=((0, 1, 1), (1, 2, 1), (2, 3, 1)))
    inputs = {"model": dump(model), "history": write_history(by_size(), NAMES)}
    values = choose({"seed": 3}, inputs, Report()).values
    assert values["weights"] == (values["learned"] if helps else {})
    assert values["learned"]


def test_too_short_a_history_teaches_nothing_and_says_so() -> None:
    model = MaxCut(vertices=4, edges=((0, 1, 1),))
    inputs = {"model": dump(model), "history": write_history(by_size(4), NAMES)}
    values = choose({"seed": 3}, inputs, Report()).values
    assert (values["weights"], values["instances"]) == ({}, 4)


def test_other_kinds_teach_nothing() -> None:
    from problems.optimisation.model.models import Qubo

    inputs = {"model": dump(Qubo(linear=(1, 1), quadratic=())), "history": write_history(by_size(), NAMES)}
    assert choose({"seed": 3}, inputs, Report()).values["instances"] == 0
