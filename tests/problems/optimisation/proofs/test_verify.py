"""Which proof is checked how, on the smallest instances and beyond the limits."""

from typing import Any

import pytest

from problems.optimisation.model.models import (
    Claimant,
    IndependentSet,
    MaxCut,
    Model,
    Patient,
    Place,
    Qubo,
    Sense,
    Triage,
)
from problems.optimisation.proofs.anchor import mip_holds, spins_hold
from problems.optimisation.proofs.model import Proof, pack, unpack
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.honest import BITS, MODELS, optimum, worse

SMALLEST: list[tuple[Model, int]] = [
    (MaxCut(vertices=1, edges=()), 0),
    (MaxCut(vertices=3, edges=()), 0),
    (IndependentSet(vertices=2, edges=()), -2),
    (Qubo(linear=(0,), quadratic=(), offset=4), -4),
    (Qubo(sense=Sense.MINIMISE, linear=(3,), quadratic=()), 0),
]


@pytest.mark.parametrize(("model", "least"), SMALLEST, ids=range(len(SMALLEST)))
@pytest.mark.parametrize("engine", ["cp_sat", "highs"])
def test_the_smallest_instances_are_decided(model: Model, least: int, engine: str) -> None:
    assert verify(model, Proof("second_engine", least, {"engine": engine})).bound == least
    above = verify(model, Proof("second_engine", least + 1, {"engine": engine}))
    assert f"an answer that costs {least}, below {least + 1}" in above.fault


@pytest.mark.parametrize("kind", ["semidefinite", "tree"])
def test_proofs_on_spins_are_for_instances_of_bits(kind: str) -> None:
    shapes: dict[str, Any] = {
        "semidefinite": {"shift": 0, "diagonal": [], "triangles": []},
        "tree": {"form": "spins", "shift": 0, "nodes": [{"value": 0}]},
    }
    verdict = verify(MODELS["triage"], Proof(kind, -5000, shapes[kind]))
    assert "expected an instance of bits" in verdict.fault


def triage(benefit: int, use: int) -> Triage:
    return Triage(
        capacities=("beds",),
        patients=(Claimant(id="a", benefit=benefit, uses=(use,)),),
        places=(Place(id="North", capacity=(use,)),),
    )


def test_coefficients_beyond_exact_arithmetic_are_undecided() -> None:
    patient = Patient(id="p", urgency=5, duration=1, latest=1)
    clinic = MODELS["appointments"].model_copy(update={"patients": (patient,), "refusal": 2**60})
    large: list[tuple[Model, Proof]] = [
        (
            MaxCut(vertices=2, edges=((0, 1, 2**57),)),
            Proof("semidefinite", -(2**58), {"shift": 0, "diagonal": [0, 0], "triangles": []}),
        ),
        # 100 times this benefit is negative in 64 bits, and then placing nobody were best
        (
            triage(5 * 2**56, 1),
            Proof("tree", 0, {"form": "mip", "shift": 0, "nodes": [{"duals": [0]}]}),
        ),
        (triage(1, 2**62), Proof("second_engine", -100, {"engine": "highs"})),
        (clinic, Proof("second_engine", 0, {"engine": "highs"})),
    ]
    for model, proof in large:
        verdict = verify(model, proof)
        assert (verdict.bound, verdict.fault) == (None, "")
        assert "too large for exact arithmetic" in verdict.undecided


def test_every_verdict_is_one_of_three() -> None:
    for proof in (Proof("faith", 0), Proof("tree", 0), Proof("second_engine", 10**40, {"engine": "highs"})):
        verdict = verify(MODELS["max_cut"], proof)
        assert [verdict.bound is not None, bool(verdict.fault), bool(verdict.undecided)].count(True) == 1


@pytest.mark.parametrize("name", MODELS)
def test_the_forms_hold_the_answers_that_the_checker_found(name: str) -> None:
    for cost, solution in (optimum(name), worse(name)):
        holds = [mip_holds, *([spins_hold] if name in BITS else [])]
        assert all(each(MODELS[name], solution, cost) for each in holds)
        assert not any(each(MODELS[name], solution, cost + 1) for each in holds)


def test_proofs_are_unpacked_as_they_were_packed() -> None:
    proofs = (
        Proof("tree", -3, {"nodes": [{"value": 2}]}),
        Proof("second_engine", 10**30, {"engine": "highs"}),
    )
    assert unpack(pack(proofs)) == proofs


def test_a_file_that_unfolds_into_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("problems.optimisation.proofs.model.MOST_PARTS", 10)
    with pytest.raises(ValueError, match="at most 10 lists and objects"):
        unpack(pack([Proof("tree", 0, {"nodes": [{}] * 10})]))


def test_a_file_that_unfolds_too_far_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("problems.optimisation.proofs.model.MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="too long"):
        unpack(pack([Proof("tree", 0, {"nodes": [0] * 1000})]))
