"""Engines on public instances with known optima (OR-Library, QOBLIB); skipped where the files are not."""

from collections.abc import Callable
from typing import Any

import pytest

from problems.optimisation.engines.cp_sat import CpSat
from problems.optimisation.engines.samplers import Annealing, Tabu
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import Model
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.shared_data import shared_data

# OR-Library, Beasley 1998, with 2098 for the first (as listed with the files)
BQP50 = (2098, 3702, 4626, 3544, 4012, 3693, 4520, 4216, 3780, 3507)
# QOBLIB's best known values, all proven
INDEPENDENT = {"karate": 20, "chesapeake": 17, "farm": 10, "ibm32": 13, "hamming6-4": 12}


def _model(kind: str, name: str, **more: Any) -> Model:
    path = shared_data(name)
    return load({"kind": kind, "file": path.name, **more}, 0, path.parent).model


def _at(goal: int) -> Callable[[BoardTwin], bool]:
    return lambda incumbent: incumbent.cost == goal


@pytest.mark.parametrize("engine", [Annealing, Tabu])
def test_samplers_reach_the_optima_of_50_variables(engine: type[Annealing | Tabu]) -> None:
    for number, value in enumerate(BQP50, 1):
        model = _model("qubo", "qubo/bqp50.txt", number=number)
        incumbent = BoardTwin(model, ends=_at(-value))
        run(engine(model, number), incumbent, effort_s=0.1)
        assert incumbent.cost == -value


@pytest.mark.parametrize("number", [1, 4, 10])
def test_cp_sat_proves_qubos_of_50_variables(number: int) -> None:
    model = _model("qubo", "qubo/bqp50.txt", number=number)
    incumbent = BoardTwin(model)
    run(CpSat(model, 1), incumbent, effort_s=2.0)
    assert incumbent.cost == incumbent.bound == -BQP50[number - 1]


@pytest.mark.parametrize("name", INDEPENDENT)
def test_cp_sat_proves_independent_sets(name: str) -> None:
    model = _model("independent_set", f"independent_set/{name}.gph")
    incumbent = BoardTwin(model)
    run(CpSat(model, 1), incumbent, effort_s=2.0)
    assert incumbent.cost == incumbent.bound == -INDEPENDENT[name]
