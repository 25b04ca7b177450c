"""Cuts and fixings worked out by hand, random ones held against enumeration, and broken ones refused."""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from problems.optimisation.engines.cutting_planes import CuttingPlanes
from problems.optimisation.forms.mip import FREE, Mip
from problems.optimisation.model.models import IndependentSet
from problems.optimisation.proofs import mip_cuts
from problems.optimisation.proofs.mip_cuts import Grown, check_cuts
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.reading import Faulty, Undecided
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.clinics_twin import small_clinic
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run

Data = dict[str, Any]


def _unused(_: Any) -> Any:
    raise AssertionError("a bound needs no points")


def small(cost: list[int], rows: list[list[int]], limits: list[tuple[int, int]], top: list[int]) -> Mip:
    lower, upper = np.array(limits, dtype=np.int64).reshape(-1, 2).T
    matrix = csr_array(np.array(rows, dtype=np.int64).reshape(len(limits), len(cost)))
    numbers = np.array(cost, dtype=np.int64), np.array(top, dtype=np.int64)
    return Mip(numbers[0], 0, matrix, lower, upper, numbers[1], _unused, _unused)


# Three vertices, each a neighbour of the others: one of them at most, and the rows alone allow 3/2.
TRIANGLE = small([-1, -1, -1], [[1, 1, 0], [0, 1, 1], [1, 0, 1]], [(-FREE, 1)] * 3, [1, 1, 1])
HALF: Data = {"divisor": 2, "rows": [[0, 1], [1, 1], [2, 1]], "up": []}
GOOD: Data = {"shift": 0, "cutoff": None, "steps": [HALF], "nodes": [{"duals": [0, 0, 0, -1]}]}


def test_half_the_sum_of_three_edges_bounds_a_triangle_by_one() -> None:
    assert check_cuts(TRIANGLE, GOOD, -1).leaves == 1
    with pytest.raises(Faulty, match="prove -1, not 0"):
        check_cuts(TRIANGLE, GOOD, 0)


def test_a_column_is_rounded_up_by_its_own_limit() -> None:
    # 2x + y ≤ 3 with y ≤ 1 added: 2x + 2y ≤ 4, so x + y ≤ 2; without, x ≤ 1
    grown = Grown(small([0, 0], [[2, 1]], [(-FREE, 3)], [5, 1]), 0, None)
    grown.take({"divisor": 2, "rows": [[0, 1]], "up": [1]})
    grown.take({"divisor": 2, "rows": [[0, 1]], "up": []})
    assert grown.mip().matrix.toarray().tolist() == [[2, 1], [1, 1], [1, 0]]
    assert grown.mip().upper.tolist() == [3, 2, 1]


def test_a_weight_below_nothing_is_for_the_lower_limit() -> None:
    # x + y ≥ 1 is -x - y ≤ -1; with 3x + y ≤ 4: 2x ≤ 3, so x ≤ 1
    grown = Grown(small([0, 0], [[1, 1], [3, 1]], [(1, FREE), (-FREE, 4)], [5, 5]), 0, None)
    grown.take({"divisor": 2, "rows": [[0, -1], [1, 1]], "up": []})
    assert grown.mip().matrix.toarray()[2].tolist() == [1, 0]
    assert grown.mip().upper.tolist()[2] == 1


def test_columns_are_fixed_where_their_use_costs_more_than_the_cutoff() -> None:
    # x + y ≥ 1 at 3 and 5 each: with a multiplier of 3, at least 3, and 2 more for each y
    dear = small([3, 5], [[1, 1]], [(1, FREE)], [4, 4])
    for cutoff, high in ((4, [4, 0]), (5, [4, 1]), (7, [4, 2]), (2, [4, 0])):
        grown = Grown(dear, 0, cutoff)
        grown.take({"fix": [3], "cutoff": cutoff})
        assert grown.mip().top.tolist() == high


def test_a_fixing_stays_what_it_was_when_the_cutoff_falls() -> None:
    dear = small([3, 5], [[1, 1]], [(1, FREE)], [4, 4])
    grown = Grown(dear, 0, 3)
    grown.take({"fix": [3], "cutoff": 7})
    assert grown.mip().top.tolist() == [4, 2]
    with pytest.raises(Faulty, match="the cutoff of a fixing"):
        grown.take({"fix": [3], "cutoff": 2})


def test_a_proof_below_a_cutoff_proves_one_more_at_most() -> None:
    data: Data = {"shift": 0, "cutoff": 2, "steps": [], "nodes": [{"duals": [3]}]}
    dear = small([3, 5], [[1, 1]], [(1, FREE)], [4, 4])
    assert check_cuts(dear, data, 3).leaves == 1
    with pytest.raises(Faulty, match="within the cutoff 1 say nothing of a bound of 3"):
        check_cuts(dear, data | {"cutoff": 1}, 3)


NUMBERS = st.integers(-3, 3)


@st.composite
def mips(draw: st.DrawFn) -> Mip:
    columns, count = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows = [[draw(NUMBERS) for _ in range(columns)] for _ in range(count)]
    limits = [draw(st.sampled_from([(-FREE, 2), (-1, FREE), (-2, 3), (1, 1), (0, 4)])) for _ in rows]
    return small(
        [draw(NUMBERS) for _ in range(columns)], rows, limits, [draw(st.integers(1, 2)) for _ in rows[0]]
    )


def answers(mip: Mip) -> list[Any]:
    """Every feasible vector, by trying all."""
    boxes = itertools.product(*(range(most + 1) for most in mip.top.tolist()))
    tried = [np.array(x, dtype=np.int64) for x in boxes]
    rows = mip.matrix.toarray()
    return [x for x in tried if ((rows @ x >= mip.lower) & (rows @ x <= mip.upper)).all()]


def _multipliers(mip: Mip, data: st.DataObject, most: int) -> list[int]:
    sides = zip(mip.lower.tolist(), mip.upper.tolist(), strict=True)
    ranges = [(0 if upper == FREE else -most, 0 if lower == -FREE else most) for lower, upper in sides]
    return [data.draw(st.integers(least, last)) for least, last in ranges]


@given(mips(), st.data())
@settings(max_examples=80, deadline=None)
def test_no_cut_or_fixing_takes_an_answer_within_the_cutoff(mip: Mip, data: st.DataObject) -> None:
    found = answers(mip)
    cutoff = data.draw(st.integers(-8, 8))
    grown = Grown(mip, 1, cutoff)
    for _ in range(data.draw(st.integers(1, 5))):
        weights = _multipliers(grown.mip(), data, 3)
        if data.draw(st.booleans()):
            grown.take({"fix": weights, "cutoff": cutoff + data.draw(st.integers(0, 2))})
        else:  # multipliers above 0 are for lower limits, weights above 0 for upper ones
            rows = [[row, -weight] for row, weight in enumerate(weights) if weight]
            up = data.draw(st.lists(st.integers(0, mip.columns - 1)))
            grown.take({"divisor": data.draw(st.integers(2, 5)), "rows": rows, "up": up})
    after = grown.mip()
    for x in found:
        if mip.cost @ x <= cutoff:
            reached = after.matrix @ x
            assert (reached <= after.upper).all()
            assert (x <= after.top).all()


WRONG: dict[str, Callable[[Data], Any]] = {
    "a divisor of 1": lambda d: d["steps"][0].update(divisor=1),
    "a divisor of 0": lambda d: d["steps"][0].update(divisor=0),
    "a divisor below": lambda d: d["steps"][0].update(divisor=-2),
    "a divisor that is a float": lambda d: d["steps"][0].update(divisor=2.0),
    "a divisor that is true": lambda d: d["steps"][0].update(divisor=True),
    "a huge divisor": lambda d: d["steps"][0].update(divisor=10**30),
    "a larger divisor, so a weaker cut": lambda d: d["steps"][0].update(divisor=5),
    "a row too few": lambda d: d["steps"][0]["rows"].pop(),
    "a weight of 2": lambda d: d["steps"][0]["rows"].__setitem__(0, [0, 2]),
    "a weight for a missing side": lambda d: d["steps"][0]["rows"].__setitem__(0, [0, -1]),
    "a weight of null": lambda d: d["steps"][0]["rows"].__setitem__(0, [0, None]),
    "a weight that is a float": lambda d: d["steps"][0]["rows"].__setitem__(0, [0, 0.5]),
    "a huge weight": lambda d: d["steps"][0]["rows"].__setitem__(0, [0, 10**40]),
    "a row that is not there": lambda d: d["steps"][0]["rows"].__setitem__(0, [7, 1]),
    "a cut of itself": lambda d: d["steps"][0]["rows"].__setitem__(0, [3, 1]),
    "a row before the first": lambda d: d["steps"][0]["rows"].__setitem__(0, [-1, 1]),
    "a row without a weight": lambda d: d["steps"][0]["rows"].__setitem__(0, [0]),
    "rows that are a number": lambda d: d["steps"][0].update(rows=3),
    "a column that is not there": lambda d: d["steps"][0].update(up=[3]),
    "a column before the first": lambda d: d["steps"][0].update(up=[-1]),
    "columns that are null": lambda d: d["steps"][0].update(up=None),
    "a field more": lambda d: d["steps"][0].update(limit=0),
    "a step that is null": lambda d: d.update(steps=[None]),
    "no list of steps": lambda d: d.update(steps={"0": HALF}),
    "no steps": lambda d: d.update(steps=[]),
    "a fixing without a cutoff": lambda d: d["steps"].append({"fix": [0, 0, 0, -1], "cutoff": 0}),
    "a fixing with too few multipliers": lambda d: d.update(
        cutoff=-1, steps=[HALF, {"fix": [0, 0, 0], "cutoff": 0}]
    ),
    "a fixing for a missing side": lambda d: d.update(
        cutoff=-1, steps=[HALF, {"fix": [0, 0, 0, 1], "cutoff": 0}]
    ),
    "a fixing and a cut in one": lambda d: d.update(steps=[HALF | {"fix": [0, 0, 0], "cutoff": 0}]),
    "a cutoff that is a float": lambda d: d.update(cutoff=-1.0),
    "a cutoff of text": lambda d: d.update(cutoff="-1"),
    "a cutoff below the claim": lambda d: d.update(cutoff=-3),
    "a shift too large": lambda d: d.update(shift=61),
    "duals of too few rows": lambda d: d.update(nodes=[{"duals": [0, 0, 0]}]),
    "duals of nothing": lambda d: d.update(nodes=[{"duals": [0, 0, 0, 0]}]),
    "a ray of nothing": lambda d: d.update(nodes=[{"ray": [0, 0, 0, -1]}]),
    "no nodes": lambda d: d.update(nodes=[]),
    "no field for the nodes": lambda d: d.pop("nodes"),
}

THREE = IndependentSet(vertices=3, edges=((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_proof_is_found(what: str) -> None:
    # The compiled rows of a triangle are one clique or three edges; so the rows are given here.
    data = copy.deepcopy(GOOD)
    WRONG[what](data)
    with pytest.raises(Faulty) as fault:
        check_cuts(TRIANGLE, data, -1)
    assert "\n" not in str(fault.value)


def test_the_verifier_ends_in_counted_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mip_cuts, "MOST_WORK", 5)
    with pytest.raises(Undecided, match="more work"):
        check_cuts(TRIANGLE, GOOD, -1)
    monkeypatch.undo()
    monkeypatch.setattr(mip_cuts, "MOST_ENTRIES", 2)
    with pytest.raises(Undecided, match="more entries"):
        check_cuts(TRIANGLE, GOOD, -1)


def test_a_claim_of_one_more_is_refused_for_what_an_engine_proved() -> None:
    model = small_clinic(7)
    incumbent = BoardTwin(model)
    run(CuttingPlanes(model, 0), incumbent)
    proof = incumbent.proofs[-1]
    assert proof.kind == "mip_cuts"
    assert verify(model, proof).bound == proof.bound
    more = Proof(proof.kind, proof.bound + 1, proof.data)
    assert verify(model, more).fault
    strange = verify(THREE, proof)
    assert strange.fault
