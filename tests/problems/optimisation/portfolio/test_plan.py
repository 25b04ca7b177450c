"""Who runs what."""

import json

import pytest

from problems.optimisation.engines.catalogue import ENGINES
from problems.optimisation.model.models import (
    KINDS,
    Appointments,
    Claimant,
    Clinician,
    IndependentSet,
    MaxCut,
    Model,
    Patient,
    Place,
    Qubo,
    Room,
    Triage,
)
from problems.optimisation.portfolio.plan import SHARES, plan, usual_shares

MODELS: dict[str, Model] = {
    "qubo": Qubo(linear=(1, 2), quadratic=((0, 1, -3),)),
    "max_cut": MaxCut(vertices=2, edges=((0, 1, 1),)),
    "independent_set": IndependentSet(vertices=2, edges=((0, 1),)),
    "appointments": Appointments(
        opens="2026-01-05T08:00",
        slot_min=15,
        slots=4,
        refusal=8,
        scale=4,
        patients=(Patient(id="p", urgency=1, duration=1, latest=4),),
        clinicians=(Clinician(id="c", shifts=((0, 4),)),),
        rooms=(Room(id="r", shifts=((0, 4),)),),
    ),
    "triage": Triage(
        capacities=("beds",),
        patients=(Claimant(id="p", benefit=1, uses=(1,)),),
        places=(Place(id="w", capacity=(1,)),),
    ),
}


@pytest.mark.parametrize("ranks", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_of_the_kind_has_its_share_for_any_number_of_ranks(kind: str, ranks: int) -> None:
    found = plan(MODELS[kind], ranks)
    assert set(found.engines) == set(SHARES[kind])
    assert len(found.ranks) == ranks
    for row in found.ranks:
        assert sum(each.share for each in row) == pytest.approx(1.0)
        assert len({each.engine for each in row}) == len(row)
    for name in found.engines:
        assert len(found.team(name)) == (ranks if ENGINES[name].many else 1)


def test_one_rank_divides_its_time_by_the_shares() -> None:
    (row,) = plan(MODELS["triage"], 1).ranks
    assert {each.engine: each.share for each in row} == pytest.approx(dict(SHARES["triage"]))


def test_exact_engines_of_two_ranks_are_spread_and_searches_fill_the_rest() -> None:
    none = dict.fromkeys(SHARES["triage"], 0.0)
    shares = none | {"highs": 0.3, "cp_sat": 0.3, "placement_search": 0.4}
    first, second = plan(MODELS["triage"], 2, weights=shares).ranks
    told = [{each.engine: round(each.share, 3) for each in row} for row in (first, second)]
    assert told == [{"placement_search": 0.4, "cp_sat": 0.6}, {"placement_search": 0.4, "highs": 0.6}]


def test_a_weight_replaces_the_usual_share_and_zero_leaves_an_engine_out() -> None:
    (row,) = plan(
        MODELS["qubo"],
        1,
        weights={"tabu": 0, "semidefinite": 0.6, "spin_tree": 0.2, "tempering": 0.3, "annealing": 0.1},
    ).ranks
    shares = {each.engine: each.share for each in row}
    assert "tabu" not in shares
    assert shares["semidefinite"] == pytest.approx(0.5)  # 0.6 of 0.6 + 0.2 + 0.3 + 0.1


@pytest.mark.parametrize("engine", ["highs", "tempering"])
def test_an_engine_alone_runs_on_every_rank(engine: str) -> None:
    found = plan(MODELS["independent_set"], 4, engines=[engine])
    assert [[(each.engine, each.share) for each in row] for row in found.ranks] == [[(engine, 1.0)]] * 4


def test_no_engine_that_is_run_once_keeps_a_rank_to_itself() -> None:
    for row in plan(MODELS["appointments"], 8).ranks:
        assert "schedule_search" in {each.engine for each in row}


def test_a_large_clinic_is_not_for_cp_sat() -> None:
    small = MODELS["appointments"]
    assert isinstance(small, Appointments)
    patients = tuple(small.patients[0].model_copy(update={"id": str(k)}) for k in range(200))
    large = small.model_copy(update={"patients": patients})
    assert usual_shares(large)["highs"] > usual_shares(small)["highs"]
    assert set(plan(small, 2).engines) - set(plan(large, 2).engines) == {"cp_sat"}


def test_names_that_nobody_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected engines among highs, .* got simplex, tabou"):
        plan(MODELS["qubo"], 2, weights={"tabou": 1.0, "simplex": 1.0})
    with pytest.raises(ValueError, match="at least one engine"):
        plan(MODELS["qubo"], 2, engines=[])


def test_a_plan_is_data() -> None:
    told = json.loads(json.dumps(plan(MODELS["qubo"], 2).to_json()))
    assert [sorted(each) for row in told for each in row] == [["engine", "share"]] * sum(map(len, told))
