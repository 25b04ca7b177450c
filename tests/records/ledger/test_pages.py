"""Cases by page, state, family and time; submissions and questions by state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.engine.pending import ready
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.cases_wanted import CasesWanted
from escalation.model.errors import BadInput
from escalation.model.problem import Problem, Target
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState
from records.ledger import cases as paging
from records.ledger.ledger import SqlLedger

Info = Callable[..., CaseInfo]


def ids(ledger: SqlLedger, **wanted: Any) -> list[str]:
    return [record.info.case_id for record in ledger.cases(CasesWanted(**wanted))]


@pytest.fixture
def seven(
    open_ledger: Callable[[], SqlLedger], make_info: Info, monkeypatch: pytest.MonkeyPatch
) -> SqlLedger:
    """Cases c0 to c6, the odd ones of another family: accepted, held, left by their process, and so on."""
    monkeypatch.setattr(paging, "PAGE", 2)
    gone, ledger = open_ledger(), open_ledger()
    other = Problem(family="optimisation", instance={}, target=Target(metric="m", at_least=1), seed=0)
    for number in range(7):
        changes = {"problem": other, "problem_digest": other.digest} if number % 2 else {}
        (gone if number % 3 == 2 else ledger).open_case(make_info(f"c{number}", **changes))
        if number % 3 == 0:
            ended = Outcome(case_id=f"c{number}", status=CaseStatus.ACCEPTED)
            ledger.close_case(f"c{number}", CaseStatus.ACCEPTED, ended)
    gone.close()
    return ledger


def test_pages_follow_each_other_without_a_gap_in_either_order(seven: SqlLedger) -> None:
    newest = [f"c{number}" for number in range(6, -1, -1)]
    assert ids(seven) == newest
    assert ids(seven, limit=3) == newest[:3]
    assert ids(seven, limit=3, after="c4") == newest[3:6]
    assert ids(seven, limit=3, after="c1") == ["c0"]
    assert ids(seven, limit=3, after="c0") == []
    assert ids(seven, limit=2, after="c4", oldest_first=True) == ["c5", "c6"]
    assert [each.info.case_id for each in seven.each_case()] == newest
    assert [each.info.case_id for each in seven.each_case(CasesWanted(oldest_first=True))] == newest[::-1]


def test_a_page_after_a_case_that_is_not_there_is_bad_input(seven: SqlLedger) -> None:
    with pytest.raises(BadInput, match="expected the id of a case in this ledger, got 'nope'"):
        seven.cases(CasesWanted(after="nope"))


def test_cases_come_by_state_and_one_whose_process_is_gone_reads_interrupted(seven: SqlLedger) -> None:
    S = CaseStatus
    assert ids(seven, states={S.ACCEPTED}) == ["c6", "c3", "c0"]
    assert ids(seven, states={S.INTERRUPTED}) == ["c5", "c2"]
    assert ids(seven, states={S.RUNNING}) == ["c4", "c1"]
    assert ids(seven, states={S.RUNNING, S.INTERRUPTED}, limit=3) == ["c5", "c4", "c2"]
    assert ids(seven, states={S.INTERRUPTED}, limit=1, after="c5") == ["c2"]
    assert ids(seven, states={S.HELD}) == []


def test_cases_come_by_family(seven: SqlLedger) -> None:
    assert ids(seven, family="toy") == ["c6", "c4", "c2", "c0"]
    assert ids(seven, family="optimisation", states={CaseStatus.INTERRUPTED}) == ["c5"]


def test_cases_come_by_the_moment_of_their_opening_in_utc_whatever_zone_it_is_told_in(
    seven: SqlLedger,
) -> None:
    at = datetime.fromisoformat(seven.case("c4").opened_at)
    assert ids(seven, since=at) == ["c6", "c5", "c4"]
    assert ids(seven, since=at.astimezone(UTC).replace(tzinfo=None) + timedelta(microseconds=1)) == [
        "c6",
        "c5",
    ]
    assert ids(seven, since=at + timedelta(days=1)) == []


def test_who_goes_on_with_cases_reads_those_that_may_and_oldest_first(
    seven: SqlLedger, make_info: Info
) -> None:
    for case_id in ("c1", "c4"):
        paused = Outcome(case_id=case_id, status=CaseStatus.HELD, paused="for a person")
        seven.close_case(case_id, CaseStatus.HELD, paused)
    assert ready(seven, 0.0) == ("c1", "c4")


def test_submissions_and_questions_come_by_state(
    ledger: SqlLedger, make_info: Info, reach: Any, make_question: Any
) -> None:
    ledger.open_case(make_info())
    S = SubmissionState
    for ordinal, state in enumerate((S.SUBMITTED, S.ASKED, S.DONE, S.PARKED)):
        reach(ledger, state, ordinal)
    of = [row.key for row in ledger.submissions(states={S.PARKED, S.SUBMITTED})]
    assert of == [WorkKey("c", 0, 0), WorkKey("c", 0, 3)]
    assert [row.key for row in ledger.submissions("c", {S.DONE})] == [WorkKey("c", 0, 2)]
    assert ledger.submissions(states=()) == []
    assert [each.ordinal for each in ledger.approvals(state=ApprovalState.ASKED)] == [1]
    assert ledger.approvals("c", ApprovalState.USED) == []


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (CasesWanted(family="toy"), "cases_by_family"),
        (CasesWanted(states=frozenset({CaseStatus.HELD})), "cases_by_status"),
        (CasesWanted(after="c4"), "number"),
    ],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # which tells its plan without statistics
def test_a_page_is_found_by_an_index(seven: SqlLedger, url: str, wanted: CasesWanted, index: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        query = paging._query(connection, wanted).params(state="held").limit(2)
        sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [str(row[-1]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    engine.dispose()
    assert any("INDEX" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
    if index != "number":
        assert any(index in line for line in plan), plan
