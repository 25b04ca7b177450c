"""A second engine confirms what is true, finds what is better, and says where it gives up."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from problems.optimisation.checking.check import check
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import Mip
from problems.optimisation.model.models import Claimant, Place, Qubo, Triage
from problems.optimisation.proofs import second_engine
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.reading import Undecided
from problems.optimisation.proofs.second_engine import cp_sat_below, highs_below, violation
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.honest import MODELS, optimum

SEARCHES = {"HiGHS": highs_below, "CP-SAT": cp_sat_below}


@pytest.mark.parametrize("engine", SEARCHES)
@pytest.mark.parametrize("name", MODELS)
def test_both_engines_know_what_enumeration_knows(name: str, engine: str) -> None:
    mip, least = compile_mip(MODELS[name]), optimum(name)[0]
    assert SEARCHES[engine](mip, least - 1) is None
    found = SEARCHES[engine](mip, least)
    assert found is not None
    assert not violation(mip, found)


def test_the_engine_that_confirms_is_not_the_one_that_claims() -> None:
    least = optimum("triage")[0]
    for claims, confirms in (("cp_sat", "HiGHS"), ("highs", "CP-SAT")):
        verdict = verify(MODELS["triage"], Proof("second_engine", least, {"engine": claims}))
        assert verdict.bound == least
        assert confirms in verdict.how


def test_what_is_too_large_is_undecided_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("begun")

    monkeypatch.setattr(second_engine, "MOST_ENTRIES", 3)
    monkeypatch.setattr(second_engine, "highs_below", never)
    verdict = verify(MODELS["triage"], Proof("second_engine", -1200, {"engine": "cp_sat"}))
    assert (verdict.bound, verdict.fault) == (None, "")
    assert "too large" in verdict.undecided


@pytest.mark.parametrize("large", [2**17, 2**53])
def test_coefficients_beside_which_a_unit_is_lost_are_undecided(large: int) -> None:
    model = Qubo(linear=(large, 1), quadratic=())
    verdict = verify(model, Proof("second_engine", -large - 1, {"engine": "cp_sat"}))
    assert "too large for HiGHS" in verdict.undecided
    # whole multiples of a large unit are small numbers, and CP-SAT computes in whole numbers
    multiples = Qubo(linear=(3 * large, -large), quadratic=((0, 1, -large),))
    for claims, bounded in (("cp_sat", multiples), ("highs", multiples), ("highs", model)):
        bound = -3 * large if bounded is multiples else -large - 1
        assert verify(bounded, Proof("second_engine", bound, {"engine": claims})).bound == bound
        assert verify(bounded, Proof("second_engine", bound + 1, {"engine": claims})).fault


HOURS = (
    *(7574862, 4238966, 8205638, 7359843, 4773739, 1, 6713392, 1, 5446976, 6697816, 5785895, 4873499),
    *(4684719, 1, 1, 2, 4697380, 4273628, 6514074, 1, 4235141, 5097345, 4288586, 2),
)
INSIDE = (1, 5, 9, 10, 12, 15, 16, 19, 21, 22, 23)


def test_an_answer_that_highs_does_not_see_is_not_denied() -> None:
    """Some of these patients fill the ward to the hour; HiGHS 1.12 says that none do."""
    full = sum(HOURS[k] for k in INSIDE)
    model = Triage(
        capacities=("hours",),
        patients=tuple(Claimant(id=f"p{k}", benefit=h, uses=(h,)) for k, h in enumerate(HOURS)),
        places=(Place(id="ward", capacity=(full,), quality=47),),
    )
    assert check(model, {"placements": {f"p{k}": "ward" for k in INSIDE}}).objective == 47 * full
    verdict = verify(model, Proof("second_engine", 1 - 47 * full, {"engine": "cp_sat"}))
    assert verdict.bound is None


def test_a_model_that_highs_refuses_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS takes no coefficients from 1e15 on, and scipy gives that the status of infeasible models."""
    monkeypatch.setattr(second_engine, "MOST_COEFFICIENT", 1 << 53)
    monkeypatch.setattr(second_engine, "MOST_TOGETHER", 1 << 53)
    mip = compile_mip(Qubo(linear=(2**52, 1), quadratic=()))
    with pytest.raises(Undecided):
        highs_below(mip, -(2**52))


def market_split() -> Mip:
    """Rows that must come out at half of all exactly: small, and hard for every search.

    Cornuéjols & Dawande 1998, IPCO, LNCS 1412, 284.
    """
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 100, (4, 30))
    half = rows.sum(axis=1) // 2
    zeros, ones = np.zeros(30, dtype=np.int64), np.ones(30, dtype=np.int64)

    def unused(_: Any) -> Any:
        raise AssertionError("a search needs no points")

    return Mip(zeros, 0, csr_array(rows), half, half, ones, unused, unused)


@pytest.mark.parametrize(
    ("engine", "limit", "value"),
    [("HiGHS", "MOST_WORK", 1), ("CP-SAT", "MOST_DETERMINISTIC_S", 1e-4)],
)
def test_a_search_that_meets_its_limit_is_undecided(
    monkeypatch: pytest.MonkeyPatch, engine: str, limit: str, value: float
) -> None:
    monkeypatch.setattr(second_engine, limit, value)
    with pytest.raises(Undecided, match="does not decide"):
        SEARCHES[engine](market_split(), 0)
