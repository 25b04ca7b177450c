"""The checker and the solvers' own arithmetic share no code, and agree on all answers of small instances."""

import pytest

from problems.optimisation.checking.check import check
from problems.optimisation.model.models import sign
from problems.optimisation.model.points import Infeasible, cost, decode
from tests.problems.optimisation.honest import MODELS, solutions


@pytest.mark.parametrize("name", MODELS)
def test_both_find_the_same_answers_feasible_at_the_same_cost(name: str) -> None:
    model = MODELS[name]
    for solution in solutions(model):
        objective = check(model, solution).objective
        try:
            expected = sign(model) * cost(model, decode(model, solution))
        except Infeasible:
            assert objective is None, solution
        else:
            assert objective == expected, solution
