"""The examples that ship are read without a remark, and are what their comments say."""

from typing import Any

import numpy as np
import pytest
import yaml
from scipy.optimize import Bounds, LinearConstraint, milp

from escalation.inputs.settings import ROOT
from escalation.model.problem import ProblemFile
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import Appointments, MaxCut, Model, Triage

EXAMPLES = ROOT / "examples"


def stated(name: str) -> ProblemFile:
    return ProblemFile.model_validate(yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text()))


def loaded(name: str) -> OptimisationInstance:
    file = stated(name)
    return load(file.instance, file.seed, EXAMPLES)


def least_cost(model: Model) -> int:
    """By HiGHS, on the MIP."""
    form = compile_mip(model)
    limits = [
        np.where(np.abs(side) == FREE, np.copysign(np.inf, side), side) for side in (form.lower, form.upper)
    ]
    found: Any = milp(
        form.cost, constraints=LinearConstraint(form.matrix, *limits), bounds=Bounds(0, form.top),
        integrality=np.ones(form.columns, dtype=np.int64),
    )  # fmt: skip
    assert found.status == 0
    cost: float = found.fun
    return round(cost) + form.offset


@pytest.mark.parametrize("name", ["clinic", "triage", "g_set"])
def test_an_example_is_read_without_a_remark(name: str) -> None:
    assert stated(name).family == "optimisation"
    assert loaded(name).remarks == ()


def test_the_clinic_is_one_monday_of_24_patients() -> None:
    model = loaded("clinic").model
    assert isinstance(model, Appointments)
    doctors = [each for each in model.clinicians if each.id.startswith("Dr")]
    assert (len(model.patients), len(doctors), len(model.clinicians), len(model.rooms)) == (24, 3, 4, 3)
    assert model.slots <= 9 * 4  # 08:00 to 17:00
    # found by CP-SAT too, with a proof: 177 weighted quarter hours
    assert least_cost(model) == 177


def test_the_ward_is_too_small_for_its_fourteen_patients() -> None:
    model = loaded("triage").model
    assert isinstance(model, Triage)
    assert len(model.patients) == 14
    beds, hours = (
        (sum(each.uses[k] for each in model.patients), sum(each.capacity[k] for each in model.places))
        for k in (0, 1)
    )
    assert (beds, hours) == ((14, 13), (108, 84))
    best = sum(patient.benefit * 100 for patient in model.patients)
    assert -best < least_cost(model) < 0


def test_the_cut_is_of_a_grid_that_wraps_around() -> None:
    model = loaded("g_set").model
    assert isinstance(model, MaxCut)
    degrees = np.bincount(np.array(model.edges)[:, :2].ravel())
    assert (model.vertices, len(model.edges), set(degrees.tolist())) == (200, 400, {4})
    assert {weight for _, _, weight in model.edges} == {-1, 1}
