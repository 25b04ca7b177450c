"""Facts of the family: what policies may ask of an instance and of what was tried."""

from typing import Any

import pytest

from escalation.model.amounts import Caps
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.ports.fact_providers import FactContext
from problems.optimisation.facts import providers
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.graphs import heavy_hex_cut
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model.models import MaxCut, Model, Qubo, Sense

TARGET = Target(metric="gap", at_most=0.0)


def attempt(**evidence: Any) -> Attempt:
    certificate = Certificate(
        status=CertificateStatus.BOUNDED, kind="test", verifier="test", evidence=evidence
    )
    return Attempt(
        number=0,
        tier=Tier.HPC,
        method="portfolio",
        backend="mpi",
        device_kind="classical",
        seed=1,
        quote=Quote(),
        status=AttemptStatus.NOT_CERTIFIED,
        certificate=certificate,
    )


def known(model: Model, *attempts: Attempt) -> dict[str, Any]:
    view = OptimisationView(model, "gap", 0.0, 1.0)
    problem = Problem(family="optimisation", instance={"kind": model.kind}, target=TARGET, seed=1)
    context = FactContext(problem, Caps(), view, None, None, None, attempts, 0.0, 1)
    return {
        each.spec.name.removeprefix("optimisation."): each.evaluate(context).value for each in providers()
    }


def test_a_dense_problem_is_whole_and_not_native() -> None:
    complete = MaxCut(vertices=5, edges=tuple((i, j, 1) for i in range(5) for j in range(i + 1, 5)))
    assert known(complete) == {
        "variables": 5.0,
        "density": 1.0,
        "open_gap": None,
        "quantum_variables": 5.0,
        "native_heavy_hex": False,
    }


def test_a_lattice_of_the_devices_is_native() -> None:
    found = known(heavy_hex_cut(4, 14, 1))
    assert found["native_heavy_hex"] is True
    assert found["quantum_variables"] == found["variables"] >= 60


def test_a_schedule_is_carried_by_a_neighbourhood() -> None:
    found = known(clinic(30, 1))
    assert (found["density"], found["native_heavy_hex"], found["quantum_variables"]) == (None, False, 16.0)


def test_the_open_gap_is_that_of_the_best_answer_and_the_best_bound() -> None:
    # maximised: objective 90 of one attempt, bound 100 of another: 10 of 90 are open
    model = Qubo(linear=(1, 2), quadratic=())
    worse, better = (
        attempt(objective_units=80, bound_units=100),
        attempt(objective_units=90, bound_units=None),
    )
    assert known(model, worse)["open_gap"] == pytest.approx(20 / 80)
    assert known(model, worse, better)["open_gap"] == pytest.approx(10 / 90)
    assert known(model, better)["open_gap"] is None
    least = Qubo(sense=Sense.MINIMISE, linear=(1, 2), quadratic=())
    assert known(least, attempt(objective_units=50, bound_units=40))["open_gap"] == pytest.approx(0.2)
