"""What a rank tells the others, and when it is over."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from problems.optimisation.model.models import IndependentSet, MaxCut
from problems.optimisation.portfolio import exchange
from problems.optimisation.portfolio.exchange import SharedIncumbent
from problems.optimisation.portfolio.update import Update, unpack
from problems.optimisation.proofs.model import Proof

Ranks = Callable[[int], list[Any]]
AIM = {"metric": "gap", "limit": 0.0}


def cut(value: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Sides of the square that cut so much; two of them by hand: 4 + 3 + 2 + 1 and 4 + 5 + 2."""
    sides = {10: [0, 1, 0, 1], 11: [0, 0, 1, 1], 7: [0, 0, 0, 1]}
    return np.array(sides[value], dtype=np.int32)


def boards(worlds: list[Any], model: Any, aim: dict[str, Any] | None = None) -> list[SharedIncumbent]:
    made = [SharedIncumbent(world, model, aim or AIM, search_s=600.0, live=True) for world in worlds]
    for incumbent in made:
        incumbent.stop()
    return made


def dual(bound: int) -> Proof:
    return Proof("semidefinite", bound, {"shift": 0})


def test_a_better_point_reaches_the_others_when_they_poll(paper_ranks: Ranks, square: MaxCut) -> None:
    a, b, c = boards(paper_ranks(3), square)
    assert a.offer(cut(10), "x")
    before = b.cost
    assert before is None
    b.poll()
    c.poll()
    assert (b.cost, c.cost) == (-10, -10)
    assert b.point is not None
    assert b.point.tolist() == cut(10).tolist()
    assert not b.offer(cut(7), "x")
    assert not b.offer(cut(10), "x")


def test_news_that_cross_leave_both_ranks_with_the_best(paper_ranks: Ranks, square: MaxCut) -> None:
    a, b = boards(paper_ranks(2), square)
    a.offer(cut(10), "x")
    b.offer(cut(11), "y")
    for incumbent in (a, b, a, b):
        incumbent.poll()
    assert (a.cost, b.cost) == (-11, -11)
    assert a.finds[-1].value == -10
    assert b.finds[-1].engine == "y"


def test_a_busy_rank_finds_one_message_and_then_the_newest(paper_ranks: Ranks, square: MaxCut) -> None:
    worlds = paper_ranks(2)
    a, busy = boards(worlds, square)
    for value in (7, 10, 11):
        a.offer(cut(value), "x")
        a.poll()
    assert len(worlds[1].boxes[1]) == 1
    busy.poll()
    assert busy.cost == -7
    a.poll()
    busy.poll()
    assert busy.cost == -11


def test_the_point_of_one_closes_the_bound_of_another(paper_ranks: Ranks, square: MaxCut) -> None:
    a, b = boards(paper_ranks(2), square)
    b.prove(dual(-11), "bounder")
    a.offer(cut(11), "finder")
    assert not a.stopped
    assert not b.stopped
    a.poll()
    b.poll()
    assert (a.stopped, b.stopped) == ("proven", "proven")
    assert a.stop()
    assert b.stop()
    assert a.proofs == {}
    assert b.proofs[True] == (dual(-11), "bounder")


def test_it_is_over_when_the_target_is_reached_without_a_bound(paper_ranks: Ranks, square: MaxCut) -> None:
    (incumbent,) = boards(paper_ranks(1), square, {"metric": "objective", "limit": 10.0})
    incumbent.offer(cut(7), "x")
    assert not incumbent.stop()
    incumbent.offer(cut(10), "x")
    assert incumbent.stop()
    assert incumbent.stopped == "target"


def test_it_is_over_when_the_time_is_up(paper_ranks: Ranks, square: MaxCut) -> None:
    incumbent = SharedIncumbent(paper_ranks(1)[0], square, AIM, search_s=1e-9, live=True)
    assert incumbent.stop()
    assert incumbent.stopped == "time"
    assert incumbent.left_s() <= 0


def test_rounds_send_nothing_and_do_not_show_the_clock(paper_ranks: Ranks, square: MaxCut) -> None:
    worlds = paper_ranks(2)
    incumbent = SharedIncumbent(worlds[0], square, AIM, search_s=600.0, live=False)
    incumbent.offer(cut(10), "x")
    incumbent.stop()
    assert worlds[0].boxes == [[], []]
    assert incumbent.left_s() == 600.0


def test_an_infeasible_point_is_noted_and_not_taken(paper_ranks: Ranks) -> None:
    (incumbent,) = boards(paper_ranks(1), IndependentSet(vertices=2, edges=((0, 1),)))
    assert not incumbent.offer(np.array([1, 1], dtype=np.int32), "sloppy")
    assert not incumbent.offer(np.array([1, 1], dtype=np.int32), "sloppy")
    assert incumbent.cost is None
    assert incumbent.remarks == [
        "sloppy: offered a point that is not feasible: vertices 0 and 1 are joined by an edge"
    ]


def test_a_bound_above_a_known_cost_is_refused_and_noted(paper_ranks: Ranks, square: MaxCut) -> None:
    (incumbent,) = boards(paper_ranks(1), square)
    incumbent.offer(cut(11), "x")
    assert not incumbent.prove(dual(-10), "wrong")
    assert incumbent.bound is None
    assert incumbent.remarks == ["wrong: claimed the bound -10 above the cost -11 of a point"]


def test_a_point_below_a_bound_shows_that_the_bound_was_wrong(paper_ranks: Ranks, square: MaxCut) -> None:
    a, b = boards(paper_ranks(2), square)
    a.prove(dual(-12), "right")
    assert a.prove(Proof("second_engine", -10), "wrong")
    b.offer(cut(11), "x")
    for incumbent in (a, b, a, b):
        incumbent.poll()
    assert [incumbent.bound for incumbent in (a, b)] == [-12, -12]
    assert not a.stopped
    assert list(a.proofs) == [True]
    assert a.remarks == ["wrong: claimed the bound -10 above the cost -11 of a point"]


def test_a_bound_that_can_be_checked_is_kept_beside_a_better_claim(
    paper_ranks: Ranks, square: MaxCut
) -> None:
    (incumbent,) = boards(paper_ranks(1), square)
    assert incumbent.prove(Proof("second_engine", -11), "engine")
    assert incumbent.prove(dual(-14), "dual")
    assert not incumbent.prove(dual(-15), "dual")
    assert not incumbent.prove(Proof("second_engine", -12), "engine")
    assert (incumbent.bound, incumbent.certified_bound) == (-11, -14)
    assert incumbent.proofs[True][0].bound == -14


def test_a_claim_ends_the_search_only_where_a_second_engine_would_be_asked(
    paper_ranks: Ranks, square: MaxCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_small, ending in ((True, "proven"), (False, "")):
        monkeypatch.setattr(exchange, "small", lambda mip, answer=is_small: answer)
        (incumbent,) = boards(paper_ranks(1), square)
        incumbent.offer(cut(11), "x")
        incumbent.prove(Proof("second_engine", -11), "highs")
        assert (incumbent.stopped, incumbent.bound, incumbent.certified_bound) == (ending, -11, None)
        assert incumbent.prove(dual(-11), "semidefinite")
        assert incumbent.stopped == "proven"


def test_points_are_copied_and_cannot_be_changed(paper_ranks: Ranks, square: MaxCut) -> None:
    (incumbent,) = boards(paper_ranks(1), square)
    mine = cut(10)
    incumbent.offer(mine, "x")
    mine[:] = 0
    assert incumbent.point is not None
    assert incumbent.point.tolist() == cut(10).tolist()
    with pytest.raises(ValueError, match="read-only"):
        incumbent.point[0] = 1


def test_another_thread_sends_only_where_mpi_allows_it(
    paper_ranks: Ranks, square: MaxCut, monkeypatch: pytest.MonkeyPatch
) -> None:
    for allowed in (True, False):
        monkeypatch.setattr(exchange, "_any_thread_may_call", lambda allowed=allowed: allowed)
        worlds = paper_ranks(2)
        incumbent = boards(worlds, square)[0]
        thread = threading.Thread(target=incumbent.offer, args=(cut(10), "callback"))
        thread.start()
        thread.join(60)
        assert incumbent.cost == -10
        assert len(worlds[1].boxes[1]) == int(allowed)
        incumbent.poll()
        assert len(worlds[1].boxes[1]) == 1


def test_progress_is_told_at_most_once_a_second(paper_ranks: Ranks, square: MaxCut) -> None:
    incumbent = SharedIncumbent(paper_ranks(1)[0], square, AIM, search_s=600.0, live=True)
    told: list[float] = []
    incumbent.tell = told.append
    for _ in range(50):
        incumbent.poll()
    assert 1 <= len(told) <= 1 + incumbent.elapsed_s() / exchange.TELL_S
    assert all(0 <= part <= 1 for part in told)


def test_news_are_the_same_after_packing(square: MaxCut) -> None:
    for update in (Update(), Update(bound=-3), Update(cost=-11, bound=-12, certified=-13, point=cut(11))):
        again = unpack(update.pack(), square)
        assert (again.cost, again.bound, again.certified) == (update.cost, update.bound, update.certified)
        assert (again.point is None) == (update.point is None)
        if update.point is not None and again.point is not None:
            assert again.point.tolist() == update.point.tolist()
