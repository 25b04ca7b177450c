"""Whose turn it is, and what ends an engine."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.model.models import MaxCut
from problems.optimisation.portfolio.exchange import MpiBoard
from problems.optimisation.portfolio.plan import Assignment
from problems.optimisation.portfolio.roster import LONGEST_S, Roster, seats_of
from problems.optimisation.proofs.model import Proof

Ranks = Callable[[int], list[Any]]


class Counter:
    """Notes the efforts it is asked for; gives up after so many slices."""

    name: ClassVar[str] = "counter"
    deterministic: ClassVar[bool] = True

    def __init__(self, slices: int = 10**9) -> None:
        self.left, self.efforts = slices, list[float]()

    def run(self, board: Any, effort_s: float) -> bool:
        self.efforts.append(effort_s)
        self.left -= 1
        return self.left > 0

    def notes(self) -> dict[str, Any]:
        return {"slices": len(self.efforts)}


class Breaks(Counter):
    def run(self, board: Any, effort_s: float) -> bool:
        raise ZeroDivisionError("it\nbroke")


@pytest.fixture
def board(paper_ranks: Ranks, square: MaxCut) -> MpiBoard:
    return MpiBoard(paper_ranks(1)[0], square, {"metric": "gap", "limit": 0.0}, 600.0, live=False)


def roster(engines: dict[str, Any], shares: dict[str, float], first_s: float = 0.01) -> Roster:
    def make(name: str, seed: int) -> Any:
        if isinstance(engines[name], Exception):
            raise engines[name]
        return engines[name]

    row = [Assignment(name, share) for name, share in shares.items()]
    return Roster(seats_of(row, 7, 0, first_s), make, clock=False)


def test_time_is_divided_by_the_shares(board: MpiBoard) -> None:
    engines = {"tabu": Counter(), "tempering": Counter()}
    running = roster(engines, {"tabu": 0.75, "tempering": 0.25})
    for _ in range(200):
        running.run_next(board)
    tabu, tempering = (sum(each.efforts) for each in engines.values())
    assert tabu / tempering == pytest.approx(3.0, rel=0.05)


def test_an_engine_that_finds_has_more_of_the_time_than_those_that_do_not(board: MpiBoard) -> None:
    class Finder(Counter):
        def run(self, board: Any, effort_s: float) -> bool:
            board.prove(Proof("semidefinite", -1000 + len(self.efforts)), self.name)
            return super().run(board, effort_s)

    engines = {"tabu": Counter(), "tempering": Counter(), "semidefinite": Finder()}
    running = roster(engines, {"tabu": 0.4, "tempering": 0.4, "semidefinite": 0.2})
    for _ in range(300):
        running.run_next(board)
    used = {name: sum(engine.efforts) for name, engine in engines.items()}
    assert used["tabu"] == pytest.approx(used["tempering"], rel=0.1)
    # 0.2 against a quarter of 0.4
    assert used["semidefinite"] / used["tabu"] == pytest.approx(2.0, rel=0.15)


def test_each_has_a_first_slice_in_order_before_any_has_a_second(board: MpiBoard) -> None:
    order: list[str] = []
    names = ["tabu", "semidefinite", "tempering"]
    running = roster(
        {name: Counter() for name in names}, {"tabu": 0.8, "semidefinite": 0.1, "tempering": 0.1}
    )
    for _ in range(3):
        before = [seat.slices for seat in running.seats]
        running.run_next(board)
        order += [seat.name for seat, count in zip(running.seats, before, strict=True) if seat.slices > count]
    assert order == names


def test_slices_grow_up_to_a_limit_and_faster_where_work_is_repeated(board: MpiBoard) -> None:
    tabu, highs = Counter(), Counter()
    for engine, name in ((tabu, "tabu"), (highs, "highs")):
        running = roster({name: engine}, {name: 1.0}, first_s=0.1)
        for _ in range(12):
            running.run_next(board)
    assert tabu.efforts[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert tabu.efforts[-1] == LONGEST_S
    assert highs.efforts[:3] == pytest.approx([0.4, 1.6, 6.4])


def test_an_engine_that_raises_ends_alone_and_is_noted(board: MpiBoard) -> None:
    good = Counter(slices=2)
    running = roster({"tabu": Breaks(), "tempering": good}, {"tabu": 0.5, "tempering": 0.5})
    while running.alive:
        running.run_next(board)
    told = {seat.name: (seat.ended, seat.failed) for seat in running.seats}
    assert told == {
        "tabu": ("failed: ZeroDivisionError: it broke", True),
        "tempering": ("nothing more to give", False),
    }
    assert board.remarks == ["tabu: failed: ZeroDivisionError: it broke"]
    assert len(good.efforts) == 2


def test_engines_that_are_missing_or_do_not_suit_are_no_failures(board: MpiBoard) -> None:
    engines = {"tabu": Unsuitable("expected few variables"), "highs": ImportError("no module")}
    running = roster(engines, {"tabu": 0.5, "highs": 0.5})
    while running.alive:
        running.run_next(board)
    assert [seat.ended for seat in running.seats] == [
        "unsuitable: expected few variables",
        "missing: no module",
    ]
    assert not any(seat.failed for seat in running.seats)
    assert board.remarks == []


def test_seeds_differ_by_engine_and_rank() -> None:
    row = [Assignment("tabu", 0.5), Assignment("tempering", 0.5)]
    seeds = [seat.seed for rank in range(4) for seat in seats_of(row, 7, rank, 0.1)]
    assert len(set(seeds)) == 8
    assert seeds == [seat.seed for rank in range(4) for seat in seats_of(row, 7, rank, 0.1)]


def test_notes_that_fail_do_not_lose_the_run(board: MpiBoard) -> None:
    class Silent(Counter):
        def notes(self) -> dict[str, Any]:
            raise RuntimeError("no idea")

    running = roster({"tabu": Silent(1)}, {"tabu": 1.0})
    running.run_next(board)
    told = running.seats[0].to_json()
    assert told["notes"] == {"failed": "RuntimeError: no idea"}
    assert told["slices"] == 1
