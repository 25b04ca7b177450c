"""The guard of a canary: bounds that hold at every look, and what it ends."""

import random

import pytest

from escalation.model.canary import CanaryCase, CanaryCount
from escalation.model.case import CaseStatus
from escalation.policy.canary.choice import is_canary
from escalation.policy.canary.guard import CanaryState
from escalation.policy.canary.guard import guard as guard_of
from escalation.policy.canary.sequential import share_bounds


def test_bounds_of_all_hits_follow_from_the_formula() -> None:
    # 1 / ((n + 1) p^n) >= 1/α where p <= (α / (n + 1))^(1/n): for n = 10, α = 0.05 that is 0.58322
    assert list(share_bounds(10, 10, 0.05)) == pytest.approx([(0.05 / 11) ** 0.1, 1.0])
    assert list(share_bounds(0, 10, 0.05)) == pytest.approx([0.0, 1 - (0.05 / 11) ** 0.1])
    assert share_bounds(0, 0, 0.05) == (0.0, 1.0)


def test_the_true_share_leaves_the_bounds_at_any_look_as_rarely_as_stated() -> None:
    dice, left = random.Random(5), 0
    for _ in range(200):
        hits = 0
        for count in range(1, 101):
            hits += dice.random() < 0.3
            low, high = share_bounds(hits, count, 0.1)
            if not low <= 0.3 <= high:
                left += 1
                break
    assert left <= 20 + 13  # 10 % of 200, and three standard deviations


def cases(*ends: tuple[bool, CaseStatus, float]) -> list[CanaryCase]:
    return [CanaryCase(canary, status, usd) for canary, status, usd in ends]


def guard(seen: list[CanaryCase], bound: float, error: float) -> CanaryState:
    return guard_of(CanaryCount.of(seen, bound), error)


GOOD, BAD = CaseStatus.ACCEPTED, CaseStatus.REFUSED


def test_a_canary_that_ends_worse_is_ended_and_one_that_ends_alike_is_not() -> None:
    worse = cases(*[(True, BAD, 0.0), (False, GOOD, 0.0)] * 30)
    alike = cases(*[(True, BAD, 0.0), (False, BAD, 0.0)] * 300)
    assert guard(worse, 0.1, 0.05).because == (
        "30 of 30 cases of the canary failed, were refused or are held, 0 of 30 of the acting policy's"
    )
    assert guard(alike, 0.1, 0.05).because == ""
    assert guard(worse[:8], 0.1, 0.05).because == ""  # four of each prove nothing yet


def test_a_canary_that_costs_more_than_the_bound_is_ended() -> None:
    dearer = cases(*[(False, GOOD, 10.0), (True, GOOD, 11.5)] * 30)
    within = cases(*[(False, GOOD, 10.0), (True, GOOD, 10.5)] * 300)
    assert guard(dearer, 0.1, 0.05).because == (
        "30 of 30 cases of the canary cost more than the acting policy's"
    )
    assert guard(within, 0.1, 0.05).because == ""


def test_where_nothing_is_paid_processor_time_is_compared() -> None:
    found = guard([CanaryCase(bool(n % 2), GOOD, 0.0, 1.0 + n % 2) for n in range(60)], 0.1, 0.05)
    assert (found.pairs, found.dearer) == (30, 30)


def test_cases_that_have_not_ended_do_not_count() -> None:
    running = cases(*[(True, CaseStatus.RUNNING, 0.0), (True, CaseStatus.INTERRUPTED, 0.0)] * 30)
    assert guard(running, 0.1, 0.05).canary.cases == 0


def test_the_guard_ends_a_canary_that_is_no_worse_as_rarely_as_stated() -> None:
    dice, ended = random.Random(7), 0
    for _ in range(60):
        seen = [
            CanaryCase(dice.random() < 0.3, BAD if dice.random() < 0.2 else GOOD, dice.random())
            for _ in range(150)
        ]
        ended += any(guard(seen[:count], 0.0, 0.2).because for count in range(10, 151, 10))
    assert ended <= 12 + 9  # 20 % of 60, and three standard deviations


def test_the_share_follows_from_the_ids_and_a_smaller_one_is_part_of_a_larger() -> None:
    names = [f"case-{number}" for number in range(4000)]
    small, large = ({name for name in names if is_canary(name, share)} for share in (0.05, 0.2))
    assert small < large
    assert len(small) == pytest.approx(200, abs=45)  # three standard deviations
    assert not any(is_canary(name, 0.0) for name in names)
    assert all(is_canary(name, 1.0) for name in names)
