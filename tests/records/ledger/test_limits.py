"""Limits of projects: in total, by UTC day and month, each counted where the money was set aside."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo
from escalation.model.submission import Limit, Period, Submission, Verdict
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger

FREE = Caps()
NOTHING = Amounts()
CAP = Amounts(qpu_s=3.0, usd=4.8)
TWICE = Amounts(qpu_s=6.0, usd=9.6)
Freeze = Callable[..., Submission]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.fixture
def opened(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> SqlLedger:
    ledger.open_case(make_info())
    return ledger


@pytest.fixture
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fourteen hours from UTC, where no local midnight could be taken for its own."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_limit_is_set_and_replaced(opened: SqlLedger) -> None:
    opened.set_limit(Limit(project="p", period=Period.MONTH, caps=Caps(usd=100.0)))
    opened.set_limit(Limit(project="*", period=Period.TOTAL, caps=Caps(qpu_s=60.0)))
    opened.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=10.0)))
    opened.set_limit(Limit(project="p", period=Period.MONTH, caps=Caps(qpu_s=30.0, usd=50.0)))
    assert opened.limits() == [
        Limit(project="*", period=Period.TOTAL, caps=Caps(qpu_s=60.0)),
        Limit(project="p", period=Period.DAY, caps=Caps(usd=10.0)),
        Limit(project="p", period=Period.MONTH, caps=Caps(qpu_s=30.0, usd=50.0)),
    ]
    assert [event["case_id"] for event in opened.events()[1:]] == [""] * 4
    assert opened.events("p") == []
    opened.verify()


@pytest.mark.parametrize("project", ["p", "*"])
@pytest.mark.parametrize("period", Period)
def test_a_limit_without_room_refuses_and_says_so(
    opened: SqlLedger, freeze: Freeze, project: str, period: Period
) -> None:
    opened.set_limit(Limit(project=project, period=period, caps=Caps(usd=9.0)))
    assert opened.authorise(freeze(opened, 0), None, FREE, "p", 1001.0)[0].verdict is Verdict.GRANTED
    said, row = opened.authorise(freeze(opened, 1), None, FREE, "p", 1002.0)
    who = "all projects" if project == "*" else "project p"
    over = "" if period is Period.TOTAL else f" this {period}"
    assert (said.verdict, row.state) == (Verdict.REFUSED, SubmissionState.REFUSED)
    assert said.reason == (
        f"no room in the budget of {who}{over}: 4.8 of 9 USD are reserved or spent, and up to 4.8 are wanted"
    )


def test_another_project_has_limits_of_its_own(opened: SqlLedger, freeze: Freeze) -> None:
    opened.set_limit(Limit(project="p", period=Period.TOTAL, caps=Caps(qpu_s=3.0)))
    opened.set_limit(Limit(project="q", period=Period.TOTAL, caps=Caps(usd=4.7)))
    assert opened.authorise(freeze(opened, 0), None, FREE, "p", 1001.0)[0].verdict is Verdict.GRANTED
    assert opened.authorise(freeze(opened, 1), None, FREE, "q", 1002.0)[0].verdict is Verdict.REFUSED
    assert opened.authorise(freeze(opened, 2), None, FREE, "r", 1003.0)[0].verdict is Verdict.GRANTED
    assert opened.spending("p", Period.DAY, 1003.0) == (CAP, NOTHING)
    assert opened.spending("*", Period.DAY, 1003.0) == (TWICE, NOTHING)


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        (Period.DAY, "2026-11-21T23:59:59.999", "2026-11-22T00:00:00"),
        (Period.DAY, "2026-12-31T23:59:59.999", "2027-01-01T00:00:00"),
        (Period.MONTH, "2026-11-30T23:59:59.999", "2026-12-01T00:00:00"),
        (Period.MONTH, "2028-02-29T23:59:59.999", "2028-03-01T00:00:00"),
        (Period.MONTH, "2026-12-31T23:59:59.999", "2027-01-01T00:00:00"),
        (Period.MONTH, "2026-01-31T23:59:59.999", "2026-02-01T00:00:00"),
    ],
)
def test_days_and_months_begin_at_midnight_utc(
    opened: SqlLedger, freeze: Freeze, period: Period, last: str, first: str
) -> None:
    opened.set_limit(Limit(project="p", period=period, caps=Caps(usd=4.8)))
    assert opened.authorise(freeze(opened, 0), None, FREE, "p", at(last))[0].verdict is Verdict.GRANTED
    assert opened.authorise(freeze(opened, 1), None, FREE, "p", at(last))[0].verdict is Verdict.REFUSED
    assert opened.authorise(freeze(opened, 2), None, FREE, "p", at(first))[0].verdict is Verdict.GRANTED
    assert opened.authorise(freeze(opened, 3), None, FREE, "p", at(first))[0].verdict is Verdict.REFUSED
    for moment in (last, first):
        assert opened.spending("p", period, at(moment)) == (CAP, NOTHING)
    assert opened.spending("p", Period.TOTAL, 0.0) == (TWICE, NOTHING)


def test_a_day_is_within_its_month(opened: SqlLedger, freeze: Freeze) -> None:
    opened.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=5.0)))
    opened.set_limit(Limit(project="p", period=Period.MONTH, caps=Caps(usd=10.0)))
    words = [
        opened.authorise(freeze(opened, day), None, FREE, "p", at(f"2026-11-0{day}"))[0].verdict
        for day in (1, 2, 3)
    ]
    assert words == [Verdict.GRANTED, Verdict.GRANTED, Verdict.REFUSED]


def test_a_late_bill_counts_where_the_money_was_set_aside(
    opened: SqlLedger, freeze: Freeze, reach: Callable[..., Submission]
) -> None:
    row = reach(opened, SubmissionState.SETTLED)
    opened.bill(row, 2.0, 3.2, at("2026-12-01T00:00:00"))
    assert opened.spending("p", Period.DAY, 1060.0) == (NOTHING, Amounts(qpu_s=2.0, usd=3.2))
    assert opened.spending("p", Period.MONTH, at("2026-12-01T00:00:00")) == (NOTHING, NOTHING)


def test_what_is_released_is_free_for_others_at_once(opened: SqlLedger, freeze: Freeze) -> None:
    opened.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=4.8)))
    _, row = opened.authorise(freeze(opened, 0), None, FREE, "p", 1001.0)
    assert opened.authorise(freeze(opened, 1), None, FREE, "p", 1002.0)[0].verdict is Verdict.REFUSED
    opened.move(row, SubmissionState.CANCELLED, 1003.0)
    assert opened.authorise(freeze(opened, 2), None, FREE, "p", 1004.0)[0].verdict is Verdict.GRANTED


def test_sums_are_decimal(opened: SqlLedger, freeze: Freeze) -> None:
    from escalation.model.submission import Price

    tenth = Price(expected=Amounts(qpu_s=0.1, usd=0.1), cap=Amounts(qpu_s=0.1, usd=0.1))
    opened.set_limit(
        Limit(project="p", period=Period.TOTAL, caps=Caps(usd=0.3))
    )  # 0.1 + 0.1 + 0.1 > 0.3 in binary
    words = [
        opened.authorise(freeze(opened, n, price=tenth), None, FREE, "p", 1001.0)[0].verdict for n in range(4)
    ]
    assert words == [Verdict.GRANTED] * 3 + [Verdict.REFUSED]
    assert opened.spending("p", Period.TOTAL, 0.0)[0] == Amounts(qpu_s=0.3, usd=0.3)


def test_a_limit_of_none_is_no_limit(opened: SqlLedger, freeze: Freeze) -> None:
    opened.set_limit(Limit(project="p", period=Period.TOTAL, caps=Caps(usd=0.0)))
    assert opened.authorise(freeze(opened, 0), None, FREE, "p", 1001.0)[0].verdict is Verdict.REFUSED
    opened.set_limit(Limit(project="p", period=Period.TOTAL))
    assert opened.authorise(freeze(opened, 1), None, FREE, "p", 1001.0)[0].verdict is Verdict.GRANTED


@pytest.mark.parametrize("project", ["p", "*"])
def test_practice_money_and_real_money_take_nothing_from_each_other(
    opened: SqlLedger, freeze: Freeze, project: str
) -> None:
    opened.set_limit(Limit(project=project, period=Period.MONTH, caps=Caps(usd=5.0)))  # room for one
    practice, real = "ibm_runtime:practice_boston", "ibm_runtime:ibm_boston"
    words = [
        opened.authorise(freeze(opened, number, backend=backend), None, FREE, "p", 1001.0)[0].verdict
        for number, backend in enumerate((practice, real, practice, real))
    ]
    assert words == [Verdict.GRANTED, Verdict.GRANTED, Verdict.REFUSED, Verdict.REFUSED]
    assert opened.spending(project, Period.TOTAL, 0.0) == (CAP, NOTHING)
    assert opened.spending(project, Period.TOTAL, 0.0, practice=True) == (CAP, NOTHING)
