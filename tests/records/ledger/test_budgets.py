"""Budgets: what is set aside and spent never passes the limit, and sums are decimal."""

from collections.abc import Callable
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, WorkKey
from escalation.model.errors import CaseConflict
from records.ledger.ledger import SqlLedger

Info = Callable[..., CaseInfo]
LIMIT = Caps(usd=1.0, qpu_s=10.0)


def _key(ordinal: int, case_id: str = "c") -> WorkKey:
    return WorkKey(case_id, 0, ordinal)


@pytest.fixture
def opened(ledger: SqlLedger, make_info: Info) -> SqlLedger:
    ledger.open_case(make_info())
    return ledger


def test_a_reservation_that_would_pass_the_limit_is_refused(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(usd=0.75), LIMIT)
    assert not opened.reserve(_key(1), Amounts(usd=0.5), LIMIT)
    assert not opened.reserve(_key(1), Amounts(qpu_s=10.5), LIMIT)
    assert opened.reserve(_key(1), Amounts(usd=0.25, qpu_s=10.0), LIMIT)
    assert opened.spent("c") == Amounts()


def test_three_times_a_tenth_fits_into_three_tenths(opened: SqlLedger) -> None:
    limit = Caps(usd=0.3)  # 0.1 + 0.1 + 0.1 > 0.3 in binary floating point
    assert all(opened.reserve(_key(n), Amounts(usd=0.1), limit) for n in range(3))
    assert not opened.reserve(_key(3), Amounts(usd=0.1), limit)


def test_reserving_twice_under_one_key_counts_once(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(usd=0.75), LIMIT)
    assert opened.reserve(_key(0), Amounts(usd=0.75), LIMIT)
    assert not opened.reserve(_key(0), Amounts(usd=1.25), LIMIT)
    assert opened.reserve(_key(1), Amounts(usd=0.25), LIMIT)


def test_the_bill_replaces_the_reservation(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(usd=1.0), LIMIT)
    opened.spend(_key(0), Amounts(usd=0.25, qpu_s=2.0, wall_s=3.0))
    assert opened.spent("c") == Amounts(usd=0.25, qpu_s=2.0, wall_s=3.0)
    assert not opened.reserve(_key(1), Amounts(usd=0.875), LIMIT)
    assert opened.reserve(_key(1), Amounts(usd=0.75), LIMIT)


def test_a_bill_of_zero_releases_the_reservation(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(usd=1.0), LIMIT)
    opened.spend(_key(0), Amounts())
    assert opened.spent("c") == Amounts()
    assert opened.reserve(_key(1), Amounts(usd=1.0), LIMIT)


def test_a_bill_is_recorded_even_when_it_passes_the_limit(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(usd=1.0), LIMIT)
    opened.spend(_key(0), Amounts(usd=1.5))
    assert opened.spent("c") == Amounts(usd=1.5)
    assert not opened.reserve(_key(1), Amounts(usd=0.01), LIMIT)


def test_a_zero_budget_takes_free_work_only(opened: SqlLedger) -> None:
    assert opened.reserve(_key(0), Amounts(wall_s=99.0, cpu_s=99.0), Caps(usd=0, qpu_s=0))
    assert not opened.reserve(_key(1), Amounts(usd=0.01), Caps(usd=0))


def test_cases_have_budgets_of_their_own(opened: SqlLedger, make_info: Info) -> None:
    opened.open_case(make_info("d"))
    assert opened.reserve(_key(0), Amounts(usd=1.0), LIMIT)
    assert opened.reserve(_key(0, "d"), Amounts(usd=1.0), LIMIT)


def test_an_unknown_case_has_no_budget(ledger: SqlLedger) -> None:
    with pytest.raises(CaseConflict, match="there is no case 'c' to write to"):
        ledger.reserve(_key(0), Amounts(usd=1.0), LIMIT)


_ids = count()
cents = st.integers(0, 80).map(lambda cent: cent / 100)
steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "bill", "release"]), st.integers(0, 4), cents), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps=steps)
def test_no_sequence_passes_the_limit_while_bills_keep_to_their_reservations(
    ledger: SqlLedger, make_info: Any, steps: list[tuple[str, int, float]]
) -> None:
    case_id = f"case-{next(_ids)}"
    ledger.open_case(make_info(case_id))
    taken: dict[int, Fraction] = {}
    billed: set[int] = set()
    for step, ordinal, amount in steps:
        key = _key(ordinal, case_id)
        exact = Fraction(round(amount * 100), 100)
        if step == "reserve" and ordinal not in billed:
            wanted = max(exact, taken.get(ordinal, Fraction(0)))
            others = sum((v for k, v in taken.items() if k != ordinal), Fraction(0))
            fits = others + wanted <= 1
            assert ledger.reserve(key, Amounts(usd=amount), LIMIT) is fits
            if fits:
                taken[ordinal] = wanted
        elif step == "bill" and ordinal in taken and 0 < exact <= taken[ordinal]:
            ledger.spend(key, Amounts(usd=amount))
            taken[ordinal] = exact
            billed.add(ordinal)
        elif step == "release" and ordinal in taken and ordinal not in billed:
            ledger.spend(key, Amounts())
            del taken[ordinal]
        assert sum(taken.values()) <= 1
    spent = sum((taken[ordinal] for ordinal in billed), Fraction(0))
    assert ledger.spent(case_id).usd == float(spent)
