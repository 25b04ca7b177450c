"""Whose turn it is, and what ends an engine."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.model.models import MaxCut
from problems.optimisation.portfolio.exchange import SharedIncumbent
from problems.optimisation.portfolio.plan import Assignment
from problems.optimisation.portfolio.scheduler import LONGEST_S, EngineScheduler, slots_of
from problems.optimisation.proofs.model import Proof

Ranks = Callable[[int], list[Any]]


class Counter:
    """Notes the efforts it is asked for; gives up after so many slices."""

    name: ClassVar[str] = "counter"
    deterministic: ClassVar[bool] = True

    def __init__(self, slices: int = 10**9) -> None:
        self.left, self.efforts = slices, list[float]()

    def run(self, incumbent: Any, effort_s: float) -> bool:
        self.efforts.append(effort_s)
        self.left -= 1
        return self.left > 0

    def notes(self) -> dict[str, Any]:
        return {"slices": len(self.efforts)}


class Breaks(Counter):
    def run(self, incumbent: Any, effort_s: float) -> bool:
        raise ZeroDivisionError("it\nbroke")


@pytest.fixture
def incumbent(paper_ranks: Ranks, square: MaxCut) -> SharedIncumbent:
    return SharedIncumbent(paper_ranks(1)[0], square, {"metric": "gap", "limit": 0.0}, 600.0, live=False)


def scheduler(engines: dict[str, Any], shares: dict[str, float], first_s: float = 0.01) -> EngineScheduler:
    def make(name: str, seed: int) -> Any:
        if isinstance(engines[name], Exception):
            raise engines[name]
        return engines[name]

    row = [Assignment(name, share) for name, share in shares.items()]
    return EngineScheduler(slots_of(row, 7, 0, first_s), make, clock=False)


def test_time_is_divided_by_the_shares(incumbent: SharedIncumbent) -> None:
    engines = {"tabu": Counter(), "tempering": Counter()}
    running = scheduler(engines, {"tabu": 0.75, "tempering": 0.25})
    for _ in range(200):
        running.run_next(incumbent)
    tabu, tempering = (sum(each.efforts) for each in engines.values())
    assert tabu / tempering == pytest.approx(3.0, rel=0.05)


def test_an_engine_that_finds_has_more_of_the_time_than_those_that_do_not(incumbent: SharedIncumbent) -> None:
    class Finder(Counter):
        def run(self, incumbent: Any, effort_s: float) -> bool:
            incumbent.prove(Proof("semidefinite", -1000 + len(self.efforts)), self.name)
            return super().run(incumbent, effort_s)

    engines = {"tabu": Counter(), "tempering": Counter(), "semidefinite": Finder()}
    running = scheduler(engines, {"tabu": 0.4, "tempering": 0.4, "semidefinite": 0.2})
    for _ in range(300):
        running.run_next(incumbent)
    used = {name: sum(engine.efforts) for name, engine in engines.items()}
    assert used["tabu"] == pytest.approx(used["tempering"], rel=0.1)
    # 0.2 against a quarter of 0.4
    assert used["semidefinite"] / used["tabu"] == pytest.approx(2.0, rel=0.15)


def test_each_has_a_first_slice_in_order_before_any_has_a_second(incumbent: SharedIncumbent) -> None:
    order: list[str] = []
    names = ["tabu", "semidefinite", "tempering"]
    running = scheduler(
        {name: Counter() for name in names}, {"tabu": 0.8, "semidefinite": 0.1, "tempering": 0.1}
    )
    for _ in range(3):
        before = [slot.slices for slot in running.slots]
        running.run_next(incumbent)
        order += [slot.name for slot, count in zip(running.slots, before, strict=True) if slot.slices > count]
    assert order == names


def test_slices_grow_up_to_a_limit_and_faster_where_work_is_repeated(incumbent: SharedIncumbent) -> None:
    tabu, highs = Counter(), Counter()
    for engine, name in ((tabu, "tabu"), (highs, "highs")):
        running = scheduler({name: engine}, {name: 1.0}, first_s=0.1)
        for _ in range(12):
            running.run_next(incumbent)
    assert tabu.efforts[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert tabu.efforts[-1] == LONGEST_S
    assert highs.efforts[:3] == pytest.approx([0.4, 1.6, 6.4])


def test_an_engine_that_raises_ends_alone_and_is_noted(incumbent: SharedIncumbent) -> None:
    good = Counter(slices=2)
    running = scheduler({"tabu": Breaks(), "tempering": good}, {"tabu": 0.5, "tempering": 0.5})
    while running.alive:
        running.run_next(incumbent)
    told = {slot.name: (slot.ended, slot.failed) for slot in running.slots}
    assert told == {
        "tabu": ("failed: ZeroDivisionError: it broke", True),
        "tempering": ("nothing more to give", False),
    }
    assert incumbent.remarks == ["tabu: failed: ZeroDivisionError: it broke"]
    assert len(good.efforts) == 2


def test_engines_that_are_missing_or_do_not_suit_are_no_failures(incumbent: SharedIncumbent) -> None:
    engines = {"tabu": Unsuitable("expected few variables"), "highs": ImportError("no module")}
    running = scheduler(engines, {"tabu": 0.5, "highs": 0.5})
    while running.alive:
        running.run_next(incumbent)
    assert [slot.ended for slot in running.slots] == [
        "unsuitable: expected few variables",
        "missing: no module",
    ]
    assert not any(slot.failed for slot in running.slots)
    assert incumbent.remarks == []


def test_seeds_differ_by_engine_and_rank() -> None:
    row = [Assignment("tabu", 0.5), Assignment("tempering", 0.5)]
    seeds = [slot.seed for rank in range(4) for slot in slots_of(row, 7, rank, 0.1)]
    assert len(set(seeds)) == 8
    assert seeds == [slot.seed for rank in range(4) for slot in slots_of(row, 7, rank, 0.1)]


def test_notes_that_fail_do_not_lose_the_run(incumbent: SharedIncumbent) -> None:
    class Silent(Counter):
        def notes(self) -> dict[str, Any]:
            raise RuntimeError("no idea")

    running = scheduler({"tabu": Silent(1)}, {"tabu": 1.0})
    running.run_next(incumbent)
    told = running.slots[0].to_json()
    assert told["notes"] == {"failed": "RuntimeError: no idea"}
    assert told["slices"] == 1
