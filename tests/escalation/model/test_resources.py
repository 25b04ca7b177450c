"""Resources as PSI/J has them: what contradicts itself is one clear line, and old work keeps its identity."""

from typing import Any

import pytest

from escalation.model.amounts import Amounts
from escalation.model.errors import BackendError, BadInput
from escalation.model.kinds.local_call import LocalCall
from escalation.model.resources import Capacity, Resources

OLD = "57aa0a3cccb8193cccde2957390afc2b4d8c30cfab0c62781a7876ecb491407f"
"""Of `LocalCall("a:b", {"x": 1})`, taken from the version that had the first four fields alone."""


def test_work_that_asks_for_nothing_new_keeps_its_digest() -> None:
    assert Resources(ranks=4).to_json() == {"ranks": 4, "threads": 1, "wall_s": 3600.0, "memory_mb": 2048}
    assert LocalCall("a:b", {"x": 1}).digest == OLD


def test_what_was_asked_for_comes_back() -> None:
    asked = Resources(ranks=8, nodes=2, ranks_per_node=4, gpus=1, exclusive=True)
    assert Resources(**asked.to_json()) == asked


@pytest.mark.parametrize(
    ("given", "nodes", "each"),
    [
        ({"ranks": 8}, 1, 8),
        ({"ranks": 8, "nodes": 2}, 2, 4),
        ({"ranks": 8, "ranks_per_node": 2}, 4, 2),
        ({"ranks": 8, "nodes": 2, "ranks_per_node": 4}, 2, 4),
    ],
)
def test_what_is_left_out_follows_from_the_others(given: dict[str, int], nodes: int, each: int) -> None:
    found = Resources(**given)  # type: ignore[arg-type]
    assert (found.node_count, found.each_node) == (nodes, each)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ranks": 5, "nodes": 2}, "got 5 ranks, 2 nodes"),
        ({"ranks": 4, "nodes": 2, "ranks_per_node": 3}, "got 4 ranks, 2 nodes, 3 ranks_per_node"),
        ({"ranks": 2, "nodes": 4}, "got 2 ranks, 4 nodes"),
        ({"ranks": 3, "ranks_per_node": 2}, "got 3 ranks, 1 nodes, 2 ranks_per_node"),
        ({"threads": 0}, "threads of at least 1, got 0"),
        ({"gpus": -1}, "gpus of at least 0, got -1"),
        ({"ranks": 2.5}, "ranks of at least 1, got 2.5"),
        ({"nodes": True}, "nodes of at least 1, got True"),
        ({"wall_s": float("inf")}, "wall_s above 0, got inf"),
        ({"wall_s": 0}, "wall_s above 0, got 0"),
    ],
)
def test_numbers_that_contradict_each_other_are_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as error:
        Resources(**given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_they_bound_what_is_used() -> None:
    asked = Resources(ranks=4, nodes=2, threads=3, gpus=1, exclusive=True)
    assert asked.used_within(1800) == Amounts(wall_s=1800, cpu_s=1800 * 12, gpu_s=1800 * 4, node_h=1.0)
    assert Resources().used_within(60) == Amounts(wall_s=60, cpu_s=60)


def test_a_machine_gives_what_it_has_and_refuses_the_rest() -> None:
    cluster = Capacity(nodes=4, ranks=None, threads=64, memory_mb=None, gpus=2, exclusive=True)
    cluster.check("cluster", Resources(ranks=400, nodes=4, gpus=2, memory_mb=10**6, exclusive=True))
    with pytest.raises(BackendError, match="cluster: expected work that asks for at most 4 nodes, got 5"):
        cluster.check("cluster", Resources(ranks=5, nodes=5))
    with pytest.raises(BackendError, match="laptop: expected work that shares its node"):
        Capacity().check("laptop", Resources(exclusive=True))
