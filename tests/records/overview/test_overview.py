"""The overview says what the ledger's rows say, counted here a second time without any of its code."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Problem, Target, Tier
from escalation.model.submission import Limit, Period
from escalation.model.submission_states import SubmissionState
from records.audit.audit import Audit
from records.ledger.ledger import SqlLedger
from records.overview.counting import span_count
from records.overview.numbers import Overview
from records.overview.pages import html_page, markdown_page
from records.overview.sections import summary
from records.overview.standing import overview_of
from records.recheck.log import note_audit, note_sample
from records.recheck.report import CheckedCase, CheckResult, Rechecked
from records.testing.accessible import faults

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = timedelta(weeks=1)
S, T = CaseStatus, Tier
CASES = [
    # days from Monday, family, status, tier, certificate, conditions of quantum not met, quantum tried on
    (0.0, "toy", S.ACCEPTED, T.HPC, "CERTIFIED", (), ""),
    (1.5, "toy", S.ACCEPTED, T.AI, "HEURISTIC", ("price",), ""),
    (2.0, "toy", S.ABSTAINED, T.AI, "BOUNDED", ("price", "fidelity"), ""),
    (3.0, "wards", S.ACCEPTED, T.QUANTUM, "CERTIFIED", (), "calibrated rehearsal"),
    (3.5, "wards", S.ABSTAINED, T.HPC, "BOUNDED", (), "hardware"),
    (4.0, "wards", S.REFUSED, None, "", ("price",), ""),
    (6.9999, "wards", S.HELD, None, "", (), ""),
    (7.0, "toy", S.ACCEPTED, T.HPC, "CERTIFIED", (), ""),  # the week after begins with it
    (-0.0001, "toy", S.ACCEPTED, T.HPC, "CERTIFIED", (), ""),
    (-7.0, "toy", S.FAILED, None, "", (), ""),
    (-7.0001, "toy", S.ACCEPTED, T.HPC, "CERTIFIED", ("price",), ""),
]


@pytest.fixture
def weeks(ledger: SqlLedger, make_info: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch) -> SqlLedger:
    """Three weeks of cases."""
    for number, case in enumerate(CASES):
        days, family, status, tier, level, gates, device = case
        opened = (MONDAY + timedelta(days=days)).isoformat(timespec="microseconds")
        monkeypatch.setattr("records.ledger.cases.now", lambda opened=opened: opened)
        problem = Problem(family=family, instance={"n": 1}, target=Target(metric="m", at_least=1), seed=0)
        case_id = f"c{number}"
        ledger.open_case(make_info(case_id, problem=problem))
        closed = tuple(
            Closed(gate=gate, tier=T.QUANTUM, because=f"{gate} counts.", misses=()) for gate in gates
        )
        tried = {"action": Action.ATTEMPT, "tier": T.QUANTUM} if device else {"action": Action.ABSTAIN}
        decision: dict[str, Any] = {"number": 0, "rule": "r", "because": "so", "closed": closed, **tried}
        ledger.add_decision(case_id, Decision(**decision))
        if device:
            ledger.add_attempt(case_id, make_attempt(0, tier=T.QUANTUM, device_kind=device), None)
        certificate = level and Certificate(
            status=CertificateStatus(level), kind="k", value=1.0, estimate=1.0, tolerance=0.0, verifier="v"
        )
        outcome = Outcome(
            case_id=case_id,
            status=status,
            tier=tier,
            certificate=certificate or None,
            cost=Amounts(wall_s=1800.0, cpu_s=900.0 * number),
        )
        ledger.close_case(case_id, status, outcome if status.final else None)
    return ledger


def rows(url: str, query: str) -> list[Any]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)))
    finally:
        engine.dispose()


def counted_again(url: str) -> tuple[Counter[Any], Counter[str], int]:
    """By family and what became of it, by condition, and cases that asked about quantum; from the rows."""
    within = (
        "opened_at >= '2026-11-23T00:00:00.000000+00:00' AND opened_at < '2026-11-30T00:00:00.000000+00:00'"
    )
    stands, conditions, asked = Counter[Any](), Counter[str](), 0
    for case_id, status, info, outcome in rows(
        url, f"SELECT case_id, status, info, outcome FROM cases WHERE {within}"
    ):
        said = json.loads(outcome) if outcome else {}
        level = (said.get("certificate") or {}).get("status")
        family = json.loads(info)["problem"]["family"]
        stands[family, status, said.get("tier") if status == "accepted" else None, level == "CERTIFIED"] += 1
        [decision] = [
            json.loads(row.decision)
            for row in rows(url, f"SELECT decision FROM decisions WHERE case_id = '{case_id}'")
        ]
        conditions.update(each["gate"] for each in decision["closed"] if each["tier"] == "quantum")
        asked += bool(decision["closed"]) or decision["tier"] == "quantum"
    return stands, conditions, asked


def test_the_numbers_of_a_week_are_those_of_the_rows(weeks: SqlLedger, url: str) -> None:
    found = overview_of(weeks, MONDAY, MONDAY + WEEK)
    stands, conditions, asked = counted_again(url)
    for family in found.span.families:
        mine = {key: count for key, count in stands.items() if key[0] == family.family}
        accepted = {key: count for key, count in mine.items() if key[1] == "accepted"}
        assert family.cases == sum(mine.values())
        assert family.certified == sum(count for key, count in accepted.items() if key[3])
        assert family.uncertified == sum(count for key, count in accepted.items() if not key[3])
        by_tier = Counter[str]()
        for key, count in accepted.items():
            by_tier[key[2]] += count
        assert family.tiers == dict(by_tier)
        for status in ("abstained", "refused", "held", "failed"):
            assert getattr(family, status) == sum(count for key, count in mine.items() if key[1] == status)
    assert {each.condition: each.cases for each in found.span.quantum.conditions} == dict(conditions)
    assert found.span.quantum.asked == asked
    # and by hand, from the list above
    total, quantum = found.span.total, found.span.quantum
    assert (total.cases, total.certified, total.uncertified, total.abstained) == (7, 2, 1, 2)
    assert (total.refused, total.held, total.open, total.failed) == (1, 1, 0, 0)
    assert (quantum.asked, quantum.tried, quantum.answered) == (5, 2, 1)
    assert quantum.kinds == {"calibrated rehearsal": 1, "hardware": 1}
    assert [(each.condition, each.cases) for each in quantum.conditions] == [("price", 3), ("fidelity", 1)]
    assert (found.before.total.cases, found.before.total.failed) == (2, 1)
    # six outcomes of half an hour; a quarter of an hour times 0 to 5
    assert (found.span.used.wall_s, found.span.used.cpu_s) == (6 * 1800, 900 * 15)


def test_the_pages_say_the_same_numbers(weeks: SqlLedger) -> None:
    found = overview_of(weeks, MONDAY, MONDAY + WEEK)
    page = markdown_page(found)
    header = "| family | cases | answer: classical | answer: AI | answer: quantum | certified | "
    assert f"{header}answered without proof | abstained | refused | held for a person | failed |" in page
    assert "| all | 7 | 1 | 1 | 1 | 2 | 1 | 2 | 1 | 1 | 0 |" in page
    assert "| all, before | 2 | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 0 | 1 |" in page
    assert (
        "Asked about in 5 cases (0 before), tried in 2 (1 on calibrated rehearsal and 1 on hardware)" in page
    )
    assert "| price | price counts. | 3 |" in page
    assert "| Elapsed hours, used by these cases | 3.00 | 0.50 |" in page
    assert "1 case is held: `tierwise cases --state held`." in page
    html = html_page(found).decode()
    assert '<td class="number">7</td>' in html
    assert faults(html) == []
    assert summary(found) in page
    assert summary(found).startswith("7 cases (2 before): 2 certified, 1 answered without proof")


def test_money_counts_when_it_was_set_aside_and_practice_apart(
    ledger: SqlLedger, make_info: Any, reach: Callable[..., Any], freeze: Callable[..., Any]
) -> None:
    ledger.set_limit(Limit(project="p", period=Period.TOTAL, caps=Caps(usd=100.0)))
    ledger.open_case(make_info())
    reach(ledger, SubmissionState.DONE, 0)  # billed 2 s, 3.20 USD
    reach(ledger, SubmissionState.SUBMITTED, 1)  # 3 s, 4.80 USD are set aside
    practised = freeze(ledger, 2, backend="ibm_runtime:practice_boston")
    ledger.authorise(practised, None, Caps(), "p", 1060.0)
    at = datetime.fromtimestamp(1060.0, UTC)  # of all three
    found = span_count(ledger, at, at + timedelta(seconds=1))
    assert (found.spent.qpu_s, found.spent.usd) == (2.0, 3.2)
    assert (found.reserved.qpu_s, found.reserved.usd) == (3.0, 4.8)
    assert (found.practice.qpu_s, found.practice.usd) == (3.0, 4.8)
    assert span_count(ledger, at - timedelta(seconds=1), at).spent == Amounts()
    both = overview_of(ledger, at, at + timedelta(seconds=1))
    [limit] = both.limits
    assert (limit.taken.usd, limit.caps.usd) == (8.0, 100.0)
    page = markdown_page(both)
    assert "| p | ever, USD | 8.00 | 100.00 |" in page
    assert "| USD, in practice | 4.80 | 0.00 |" in page
    assert "Practice is practice money, nobody is charged" in page


def test_what_waits_for_a_person_is_said_with_the_command(
    ledger: SqlLedger, make_info: Any, reach: Callable[..., Any], freeze: Any, make_question: Any
) -> None:
    ledger.open_case(make_info())
    reach(ledger, SubmissionState.PARKED, 0)
    reach(ledger, SubmissionState.ASKED, 1)  # expired in 1970
    row = freeze(ledger, 2)
    now = ledger.now_s()
    open_ = make_question(row, 2, asked_at=now, expires_at=now + 3600)
    ledger.authorise(row, open_, Caps(), "p", now)
    waits = overview_of(ledger, MONDAY, MONDAY + WEEK).waiting
    assert (waits.questions, waits.expired, waits.oldest_asked_at) == (1, 1, now)
    assert waits.parked == ("c/0/0",)
    assert any(line.startswith("c/0/0 is parked, and nobody has looked for") for line in waits.unattended)
    page = markdown_page(overview_of(ledger, MONDAY, MONDAY + WEEK))
    assert "1 question is open, the oldest since" in page
    assert "1 paid job is parked, because only a person can tell what became of it: `tierwise jobs`." in page


def test_checks_and_their_findings_are_those_of_the_time_and_markup_in_them_is_text(weeks: SqlLedger) -> None:
    now = datetime.now(UTC)
    since, until = now - timedelta(hours=1), now + timedelta(hours=1)
    note_audit(weeks, Audit(9, 2, 2, 0, ("the row <b>limits</b> is gone", *(f"f{n}" for n in range(29)))))
    checked = [
        CheckedCase(case_id=name, waited_since="", result=result, why="certificate of attempt 0")
        for name, result in (("c0", CheckResult.SAME), ("c1", CheckResult.DIFFERENT))
    ]
    note_sample(weeks, Rechecked(seed="s", size=2, ended=9, nights=9, checked=tuple(checked)))
    found = overview_of(weeks, since, until)
    checks = found.checks
    assert (checks.audits, checks.samples, checks.sampled) == (1, 1, 2)
    assert checks.sample_findings == ("c1: certificate of attempt 0",)
    assert (len(checks.audit_findings), checks.more_audit_findings) == (20, 10)
    assert (checks.ended, checks.never, checks.oldest) == (9, 7, "c10")
    page = markdown_page(found)
    assert page.index("FINDING: c1: certificate of attempt 0") < page.index("## Cases")
    assert "<b>" not in page
    assert "<b>" not in html_page(found).decode()
    assert overview_of(weeks, since - timedelta(days=9), since).checks.audits == 0


def test_a_site_in_which_nothing_happened_says_so(ledger: SqlLedger) -> None:
    found = overview_of(ledger, MONDAY, MONDAY + WEEK)
    assert found == Overview(span=found.span, before=found.before)
    page = markdown_page(found)
    for line in (
        "**No case was opened; no cases in as long a time before.**",
        "Nothing waits for a person, and no paid work is unreconciled.",
        "No nightly audit was made: is its schedule paused, or no worker running?",
        "No case is over yet that can be verified again.",
        "Quantum was asked about in no case",
        "Nothing was charged in this time.",
        "No limit is set, so nothing can be sent to hardware",
        "No calibration of a device was kept yet.",
    ):
        assert line in page
    assert "<table>" in html_page(found).decode()  # hours, of which there are none


def test_a_case_that_cannot_be_read_is_counted_as_that(weeks: SqlLedger, sql: Callable[..., None]) -> None:
    sql(
        "UPDATE decisions SET decision = '[1]' WHERE case_id = 'c0'",
        "UPDATE cases SET outcome = '{' WHERE case_id = 'c1'",
        "UPDATE cases SET outcome = NULL WHERE case_id = 'c3'",  # accepted, and of what nobody can tell
    )
    found = overview_of(weeks, MONDAY, MONDAY + WEEK)
    assert (found.span.total.cases, found.span.unreadable) == (4, 3)
    assert "3 cases of this time cannot be read: `tierwise ledger check`." in markdown_page(found)
