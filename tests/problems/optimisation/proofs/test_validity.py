"""Whatever multipliers are sent: no bound that is believed lies above the optimum, found by enumeration."""

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Ints
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Patient, Qubo, Sense, SpinModel
from problems.optimisation.proofs.mip_dual import ExactDual, rounded_up, strongest_dual
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.semidefinite import strongest_spins
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.honest import MODELS, best, optimum

SIZE = 5
WEIGHTS = st.integers(-20, 20)
PAIRS = [(i, j) for i in range(SIZE) for j in range(i + 1, SIZE)]


@st.composite
def qubos(draw: st.DrawFn) -> Qubo:
    linear = draw(st.tuples(*[WEIGHTS] * SIZE))
    entries = draw(st.tuples(*[WEIGHTS] * len(PAIRS)))
    quadratic = tuple((i, j, q) for (i, j), q in zip(PAIRS, entries, strict=True) if q)
    return Qubo(sense=draw(st.sampled_from(Sense)), linear=linear, quadratic=quadratic, offset=draw(WEIGHTS))


@st.composite
def cuts(draw: st.DrawFn) -> MaxCut:
    weights = draw(st.tuples(*[WEIGHTS] * len(PAIRS)))
    return MaxCut(
        vertices=SIZE, edges=tuple((i, j, w) for (i, j), w in zip(PAIRS, weights, strict=True) if w)
    )


@st.composite
def graphs(draw: st.DrawFn) -> IndependentSet:
    chosen = draw(st.lists(st.sampled_from(PAIRS), unique=True))
    return IndependentSet(vertices=SIZE, edges=tuple(sorted(chosen)))


BIT_MODELS = qubos() | cuts() | graphs()


@given(BIT_MODELS, st.data())
@settings(max_examples=150, deadline=None)
def test_semidefinite_bounds_of_any_multipliers_hold(model: SpinModel, data: st.DataObject) -> None:
    form = spin_form(model)
    order = form.size + (not form.symmetric)
    least = float(np.linalg.eigvalsh(form.matrix().astype(float))[0])
    around = st.integers(int(least * 16) - 200, int(least * 16) + 200)
    diagonal = data.draw(st.lists(around, min_size=order, max_size=order))
    triangles = data.draw(st.lists(_triangles(order), max_size=4))
    bound = strongest_spins(form, diagonal, triangles, 4)
    assert bound is not None
    assert bound <= best(model)[0]
    proof = Proof("semidefinite", bound, {"shift": 4, "diagonal": diagonal, "triangles": triangles})
    assert verify(model, proof).bound == bound
    assert verify(model, Proof("semidefinite", bound + 1, proof.data)).fault


def _triangles(order: int) -> st.SearchStrategy[list[int]]:
    corners = st.sets(st.integers(0, order - 1), min_size=3, max_size=3).map(sorted)
    signs = st.sampled_from([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
    return st.builds(lambda c, s, t: [*c, *s, t], corners, signs, st.integers(0, 300))


@given(BIT_MODELS, st.data())
@settings(max_examples=100, deadline=None)
def test_linear_bounds_of_any_multipliers_hold_on_bits(model: Model, data: st.DataObject) -> None:
    _check_linear(model, best(model)[0], data)


@pytest.mark.parametrize("name", ["appointments", "triage"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_linear_bounds_of_any_multipliers_hold_on_schedules(name: str, data: st.DataObject) -> None:
    _check_linear(MODELS[name], optimum(name)[0], data)


def _check_linear(model: Model, least: int, data: st.DataObject) -> None:
    mip = compile_mip(model)
    sides = zip(mip.lower.tolist(), mip.upper.tolist(), strict=True)
    duals = [
        data.draw(st.integers(0 if upper == FREE else -400, 0 if lower == -FREE else 400))
        for lower, upper in sides
    ]
    bound = strongest_dual(mip, duals, 4)
    assert bound <= least
    assert verify(model, Proof("mip_dual", bound, {"shift": 4, "duals": duals})).bound == bound
    assert verify(model, Proof("mip_dual", bound + 1, {"shift": 4, "duals": duals})).fault


@given(BIT_MODELS, st.data())
@settings(max_examples=100, deadline=None)
def test_trees_of_any_shape_hold(model: SpinModel, data: st.DataObject) -> None:
    """A tree that divides as it likes is believed up to its least leaf, and never above the optimum."""
    form = spin_form(model)
    nodes: list[dict[str, Any]] = []
    leaves: list[int] = []

    def grow(fixed: dict[int, int]) -> int:
        number, left = len(nodes), form.fix(fixed)
        nodes.append({})
        free = [k for k in range(SIZE) if k not in fixed]
        if not free:
            nodes[number] = {"value": left.constant // 4}
            leaves.append(left.constant // 4)
        elif data.draw(st.booleans()):
            where = data.draw(st.sampled_from(free))
            if not fixed and form.symmetric and data.draw(st.booleans()):
                nodes[number] = {"mirror": where, "child": grow({where: 0})}
            else:
                children = [grow(fixed | {where: bit}) for bit in (0, 1)]
                nodes[number] = {"branch": where, "children": children}
        else:
            order = left.size + (not left.symmetric)
            diagonal = data.draw(st.lists(st.integers(-3000, 100), min_size=order, max_size=order))
            bound = strongest_spins(left, diagonal, [], 4)
            assert bound is not None
            nodes[number] = {"diagonal": diagonal, "triangles": []}
            leaves.append(bound)
        return number

    grow({})
    tree = {"form": "spins", "shift": 4, "nodes": nodes}
    assert min(leaves) <= best(model)[0]
    assert verify(model, Proof("tree", min(leaves), tree)).bound == min(leaves)
    assert verify(model, Proof("tree", min(leaves) + 1, tree)).fault


# Two patients who differ in nothing: columns that count to two.
COUNTED = MODELS["appointments"].model_copy(
    update={
        "patients": tuple(
            Patient(id=f"p{k}", urgency=1 + k // 2, duration=2, earliest=k // 2, latest=6) for k in range(3)
        )
    }
)


@lru_cache
def least(model: Model) -> int:
    return best(model)[0]


@pytest.mark.parametrize("model", [COUNTED, MODELS["triage"]], ids=["appointments", "triage"])
@pytest.mark.parametrize("seed", range(12))
def test_mip_trees_of_any_shape_hold(model: Model, seed: int) -> None:
    """Random branches, random multipliers at the leaves, rays where they happen to be some."""
    mip, rng = compile_mip(model), np.random.default_rng(seed)
    assert mip.top.max() == (2 if model is COUNTED else 1)
    dual, nodes, leaves = ExactDual(mip), list[dict[str, Any]](), list[int]()

    def multipliers() -> list[int]:
        y = rng.integers(-200, 201, mip.rows) * rng.integers(0, 2, mip.rows)
        y = np.where((y > 0) & (mip.lower == -FREE), -y, y)
        return [int(each) for each in np.where((y < 0) & (mip.upper == FREE), -y, y)]

    def grow(low: Ints, high: Ints, depth: int) -> int:
        number, open_ = len(nodes), np.flatnonzero(high > low)
        nodes.append({})
        if depth and open_.size:
            column = int(rng.choice(open_))
            at = int(rng.integers(low[column], high[column]))
            below, above = high.copy(), low.copy()
            below[column], above[column] = at, at + 1
            children = [grow(low, below, depth - 1), grow(above, high, depth - 1)]
            nodes[number] = {"branch": column, "at": at, "children": children}
            return number
        tried = [multipliers() for _ in range(8)]
        ray = next((y for y in tried if dual.weigh(y, 4, low, high, priced=False) > 0), None)
        bounds = [rounded_up(dual.weigh(y, 4, low, high), 4) for y in tried]
        nodes[number] = {"duals": tried[int(np.argmax(bounds))]} if ray is None else {"ray": ray}
        leaves.extend([max(bounds)] if ray is None else [])
        return number

    grow(np.zeros_like(mip.top), mip.top, 5)
    tree = {"form": "mip", "shift": 4, "nodes": nodes}
    assert min(leaves) <= least(model)
    assert verify(model, Proof("tree", min(leaves), tree)).bound == min(leaves)
    assert verify(model, Proof("tree", min(leaves) + 1, tree)).fault
