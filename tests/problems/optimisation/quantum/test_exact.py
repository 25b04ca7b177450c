"""What is taken out loses nothing; descents end in local minima."""

import networkx as nx
import numpy as np
import pytest

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import IndependentSet
from problems.optimisation.model.points import cost
from problems.optimisation.quantum.descent import descend
from problems.optimisation.quantum.exact import kernel, restore
from problems.optimisation.quantum.independent import improved
from tests.problems.optimisation.quantum.small_states import cut_of, every, random_model


@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_has_the_optimum_of_the_whole(kind: str, seed: int) -> None:
    form = spin_form(random_model(kind, 8, seed, density=0.25 + 0.04 * seed))
    found = kernel(form)
    bits, least = min(every(found.form), key=lambda each: each[1])
    assert least == min(value for _, value in every(form))
    spins = np.zeros(8, dtype=np.int64)
    spins[list(found.kept)] = 2 * bits - 1
    restore(found.undo, spins)
    assert form.four_cost(((spins + 1) // 2).astype(np.int32)) == least


def test_a_tree_is_solved_by_taking_leaves() -> None:
    model = cut_of(nx.balanced_tree(2, 4))
    found = kernel(spin_form(model))
    assert found.form.size == 0
    assert found.form.constant == -4 * 30  # every edge of a tree can be cut


def test_minima_cannot_be_bettered_by_one_flip_and_cost_what_they_say() -> None:
    form = spin_form(random_model("qubo", 10, 5))
    starts = np.random.default_rng(0).integers(0, 2, (30, 10), dtype=np.uint8)
    minima, costs = descend(form, starts)
    for start, bits, value in zip(starts, minima, costs, strict=True):
        assert form.four_cost(bits.astype(np.int32)) == value <= form.four_cost(start.astype(np.int32))
        for flip in range(10):
            near = bits.astype(np.int32)
            near[flip] ^= 1
            assert form.four_cost(near) >= value


def test_sets_are_made_independent_and_one_leaves_for_two() -> None:
    # a star: the centre alone is a local optimum, its three leaves are better
    star = IndependentSet(vertices=4, edges=((0, 1), (0, 2), (0, 3)))
    assert improved(star, np.array([1, 0, 0, 0], dtype=np.int32)).tolist() == [0, 1, 1, 1]
    crowded = random_model("independent_set", 12, 2)
    assert isinstance(crowded, IndependentSet)
    assert cost(crowded, improved(crowded, np.ones(12, dtype=np.int32))) < 0
